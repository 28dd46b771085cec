import GatewayAPI
import GatewayCore

extension CORSRule {
    init(_ cors: CORSResource) {
        self.init(
            allowedOrigins: cors.allowedOrigins,
            allowedMethods: cors.allowedMethods.map { $0.uppercased() },
            allowedHeaders: cors.allowedHeaders,
            exposedHeaders: cors.exposedHeaders,
            allowsCredentials: cors.allowCredentials,
            maxAge: cors.maxAge
        )
    }
}

extension CORSResource {
    init(_ rule: CORSRule) {
        self.init(
            allowedOrigins: rule.allowedOrigins,
            allowedMethods: rule.allowedMethods,
            allowedHeaders: rule.allowedHeaders,
            exposedHeaders: rule.exposedHeaders,
            allowCredentials: rule.allowsCredentials,
            maxAge: rule.maxAge
        )
    }
}
