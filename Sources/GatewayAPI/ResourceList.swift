/// A list of resources, in the envelope of Azure's lists.
package struct ResourceList<Resource: Codable & Sendable>: Codable, Sendable {
    package var value: [Resource]

    package init(_ value: [Resource]) {
        self.value = value
    }
}
