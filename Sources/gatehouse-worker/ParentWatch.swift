import Foundation
import Logging

/// Ends the process when the one that started it is gone: a model must not stay in memory with nobody to serve.
///
/// The kernel's own way (PR_SET_PDEATHSIG) fires when the parent's *thread* ends, which in a program with thread pools
/// happens at any time; hence a look at the parent's id twice a second.
enum ParentWatch {
    static func start(_ log: Logger) {
        let parent = getppid()
        let thread = Thread {
            while getppid() == parent { Thread.sleep(forTimeInterval: 0.5) }
            log.notice("parent is gone")
            // Without the clean-up of `exit`: the engine's thread may be in the middle of a step.
            _exit(0)
        }
        thread.name = "parent watch"
        thread.start()
    }
}
