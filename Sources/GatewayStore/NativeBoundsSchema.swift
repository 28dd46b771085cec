/// A step of the schema: native settings that no worker takes, which the first step let in.
///
/// What is stored stays until it is changed; at a start it is named and not served.
enum NativeBoundsSchema {
    static let sql = trigger("added", "INSERT ON") + trigger("changed", "UPDATE OF slots, context, threads ON")

    private static func trigger(_ name: String, _ event: String) -> String {
        """
        CREATE TRIGGER native_bounds_\(name) BEFORE \(event) deployments
            WHEN NEW.slots NOT BETWEEN 1 AND 64 OR NEW.threads NOT BETWEEN 0 AND 256
                OR (NEW.context <> 0 AND NEW.context NOT BETWEEN 16 AND 4194304)
            BEGIN SELECT RAISE(ABORT, 'native settings are out of range'); END;

        """
    }
}
