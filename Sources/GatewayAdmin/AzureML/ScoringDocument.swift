import GatewayAPI
import GatewayCore

/// What `openapi_uri` of an endpoint answers: how to call it, at the URL where it is called.
enum ScoringDocument {
    static func json(of endpoint: EndpointDefinition, publicURL: String) -> ARMValue {
        let secured = !endpoint.authModes.contains(.none)
        return .members([
            "openapi": "3.1.0",
            "info": .members([
                "title": .string(endpoint.name),
                "version": "1.0",
                "description": endpoint.description.isEmpty ? nil : .string(endpoint.description),
            ]),
            "servers": [["url": .string("\(publicURL)/\(endpoint.tenant)/\(endpoint.name)")]],
            "paths": ["/score": ["post": scoring]],
            "components": [
                "securitySchemes": [
                    "credential": [
                        "type": "http", "scheme": "bearer", "description": "A key of the endpoint, or a token.",
                    ]
                ]
            ],
            "security": secured ? [["credential": []]] : [],
        ])
    }

    private static let scoring: ARMValue = [
        "operationId": "score",
        "summary": "Asks the model; the body and the answer are the model's own.",
        "parameters": [
            [
                "name": "azureml-model-deployment", "in": "header", "required": false,
                "description": "The deployment that is to answer.", "schema": ["type": "string"],
            ]
        ],
        "requestBody": ["required": true, "content": ["application/json": ["schema": [:]]]],
        "responses": [
            "200": ["description": "The model's answer.", "content": ["application/json": ["schema": [:]]]],
            "401": ["description": "The credential is missing or wrong."],
            "404": ["description": "No deployment has traffic, or the named one does not exist."],
            "408": ["description": "The model took longer than the deployment's request_timeout_ms."],
            "424": ["description": "The model answered with an error, or is not ready."],
            "429": ["description": "A limit is used up; Retry-After says for how long."],
        ],
    ]
}
