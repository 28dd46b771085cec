/// How many places of a deployment whose capacity is the limit a tenant or a named key gets, for every one of a weight of 1.
package enum QueueWeight {
    package static let range = 1...100
    /// Of what says nothing, and of endpoints' keys and tokens, which cannot.
    package static let standard = 1
}
