import CPcre2
import Foundation
import Synchronization

/// A regular expression in PCRE's syntax that gives up instead of taking long.
@safe
final class BoundedExpression: Sendable {
    /// Why a pattern is none, or a search was given up.
    struct Failure: Error, Equatable {
        let reason: String
        /// Where in the pattern, in bytes.
        var offset: Int?
    }

    /// Steps of one search: a few milliseconds at most.
    private static let mostSteps: UInt32 = 50_000
    /// Of the processor, for all searches of one call, or a part of it.
    private static let mostTime = Duration.milliseconds(25)
    /// Kibibytes of the heap.
    private static let mostMemory: UInt32 = 4096

    private let code: Mutex<OpaquePointer>

    /// - Throws: what is wrong with the pattern.
    init(_ pattern: String) throws(Failure) {
        var number: Int32 = 0
        var offset = 0
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_MATCH_INVALID_UTF) | UInt32(PCRE2_NEVER_BACKSLASH_C)
        let bytes = Array(pattern.utf8)
        let made = unsafe pcre2_compile_8(bytes, bytes.count, options, &number, &offset, nil)
        guard let made = unsafe made else {
            throw Failure(reason: Self.message(number), offset: offset)
        }
        // Where it cannot be compiled to machine code it is interpreted.
        unsafe pcre2_jit_compile_8(made, UInt32(PCRE2_JIT_COMPLETE))
        unsafe code = Mutex(made)
    }

    deinit { unsafe code.withLock { unsafe pcre2_code_free_8($0) } }

    /// Whether it is not sure to take a character wherever it matches: it matches an empty text, or only a place.
    var mayBeEmpty: Bool {
        var least: UInt32 = 0
        return unsafe code.withLock { code in
            unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_MINLENGTH), &least)
            return least == 0
        }
    }

    /// Every place where it matches, in order; empty matches are none.
    ///
    /// - Parameter parts: where it is looked for, each by itself; `nil` = in all.
    func ranges(in bytes: [UInt8], parts: [Range<Int>]? = nil) throws(Failure) -> [Range<Int>] {
        let parts = parts ?? [0..<bytes.count]
        return try unsafe code.withLock { code throws(Failure) in try unsafe Self.ranges(of: code, in: bytes, parts) }
    }

    private static func ranges(
        of code: OpaquePointer,
        in bytes: [UInt8],
        _ parts: [Range<Int>]
    ) throws(Failure) -> [Range<Int>] {
        let context = unsafe pcre2_match_context_create_8(nil)
        let data = unsafe pcre2_match_data_create_8(1, nil)
        defer {
            unsafe pcre2_match_data_free_8(data)
            unsafe pcre2_match_context_free_8(context)
        }
        unsafe pcre2_set_match_limit_8(context, mostSteps)
        unsafe pcre2_set_heap_limit_8(context, mostMemory)
        var found: [Range<Int>] = []
        var bound = ProcessorBound(most: mostTime)
        for part in parts {
            var start = 0
            while start <= part.count {
                guard !bound.isOver() else { throw Failure(reason: "it takes too long") }
                let count = unsafe bytes.withUnsafeBufferPointer { bytes in
                    let base = unsafe bytes.baseAddress.map { unsafe $0 + part.lowerBound }
                    return unsafe pcre2_match_8(code, base, part.count, start, 0, data, context)
                }
                if count == PCRE2_ERROR_NOMATCH { break }
                guard count >= 0 else { throw Failure(reason: message(count)) }
                let ends = unsafe pcre2_get_ovector_pointer_8(data)
                guard let ends = unsafe ends else { break }
                let (lower, upper) = unsafe (ends[0], ends[1])
                if upper > lower { found.append(part.lowerBound + lower..<part.lowerBound + upper) }
                start = max(upper, start + (upper > lower ? 0 : 1))
            }
        }
        return found
    }

    private static func message(_ number: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 256)
        let length = unsafe pcre2_get_error_message_8(number, &text, text.count)
        return String(decoding: text.prefix(Int(max(0, length))), as: UTF8.self)
    }
}

/// Time of the processor that this thread may take: where it is kept waiting it takes no longer for it.
///
/// The system is asked for that only once so much time has gone by at all, since it takes a lock of the scheduler's to answer:
/// asked for each short text it was a quarter of what captures cost. So it may take up to twice as much.
private struct ProcessorBound {
    let most: Duration
    private let begun = ContinuousClock.now
    private var deadline: Duration?

    init(most: Duration) {
        self.most = most
    }

    mutating func isOver() -> Bool {
        guard begun.duration(to: .now) >= most else { return false }
        let now = Self.processorTime()
        guard let deadline else {
            deadline = now + most
            return false
        }
        return now >= deadline
    }

    private static func processorTime() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
