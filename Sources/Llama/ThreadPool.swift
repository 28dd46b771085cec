#if Llama
    import CLlama

    /// The threads that compute a step beside the engine's own, kept from one step to the next.
    ///
    /// Left to itself the engine makes new ones for every step, which the system now and then puts on the core of another that
    /// computes: both then wait for each other, and a step takes four times as long. For one thread at a time.
    ///
    /// Safe because the pointer is private to the module's thread and dies with its one owner.
    @safe
    final class ThreadPool {
        private typealias Make = @convention(c) (UnsafeMutablePointer<ggml_threadpool_params>?) -> OpaquePointer?
        private typealias Free = @convention(c) (OpaquePointer?) -> Void

        /// For how long they look for the next step before they sleep: a few milliseconds, the time between two steps.
        private static let poll: UInt32 = 1

        let pointer: OpaquePointer
        private let free: Free

        /// - Returns: `nil` where one thread computes alone, or the backend has no pools.
        init?(threads: Int) {
            guard threads > 1, let cpu = unsafe ggml_backend_reg_by_name("CPU"),
                let make = unsafe ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new"),
                let free = unsafe ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_free")
            else { return nil }
            var parameters = ggml_threadpool_params_default(Int32(clamping: threads))
            parameters.poll = Self.poll
            guard let pointer = unsafe unsafeBitCast(make, to: Make.self)(&parameters) else { return nil }
            unsafe self.pointer = pointer
            unsafe self.free = unsafe unsafeBitCast(free, to: Free.self)
        }

        deinit { unsafe free(pointer) }
    }
#endif
