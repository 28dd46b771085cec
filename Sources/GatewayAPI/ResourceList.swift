/// A page of a list of resources, in the envelope of Azure's lists.
package struct ResourceList<Resource: Codable & Sendable>: Codable, Sendable {
    package var value: [Resource]
    /// Where the next page is; left out of the last one.
    package var nextLink: String?

    package init(_ value: [Resource], nextLink: String? = nil) {
        self.value = value
        self.nextLink = nextLink
    }
}
