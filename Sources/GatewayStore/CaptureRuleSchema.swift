import GatewayCore

/// A step of the schema: which exchanges are kept for review.
enum CaptureRuleSchema {
    static let sql = """
        ALTER TABLE endpoints ADD COLUMN capture TEXT CHECK (\(object));
        ALTER TABLE deployments ADD COLUMN capture TEXT CHECK (\(object));
        """

    private static let object = "capture IS NULL OR (json_valid(capture) AND json_type(capture) = 'object')"
}

extension StoredJSON {
    static func capture(_ rule: CaptureRule?) throws(StoreError) -> String? {
        guard let rule else { return nil }
        return try text(rule)
    }

    static func capture(_ text: String?, place: String) throws(StoreError) -> CaptureRule? {
        guard let text else { return nil }
        return try value(CaptureRule.self, text, place: place)
    }
}
