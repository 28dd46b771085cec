import Testing

@testable import GatewayWorkers

@Suite struct WorkerInstanceTests {
    @Test func `it is announced once when it answers`() {
        var instance = WorkerInstance()
        let actions = [instance.processAnswered(), instance.processAnswered()]
        #expect(actions == [.announceReady, .wait])
        #expect(instance.state == .ready)
    }

    @Test func `a death when ready is told and followed by a restart`() {
        var instance = WorkerInstance()
        _ = instance.processAnswered()
        let action = instance.processEnded("killed", afterRunning: .seconds(1))
        #expect(action == .restart(after: .milliseconds(100), wasReady: true))
        #expect(instance.state == .restarting(failures: 1, reason: "killed"))
        instance.restartDue()
        #expect(instance.state == .starting)
    }

    @Test func `a death before it was ready is not told`() {
        var instance = WorkerInstance()
        let actions = (0..<2).map { _ in
            defer { instance.restartDue() }
            return instance.processEnded("no model", afterRunning: .zero)
        }
        #expect(
            actions == [
                .restart(after: .milliseconds(100), wasReady: false),
                .restart(after: .milliseconds(200), wasReady: false),
            ]
        )
    }

    @Test func `who waits is let go after two that never answered, or six that died soon after they did`() {
        var loading = WorkerInstance()
        var serving = WorkerInstance()
        var hopes: [[Bool]] = [[], []]
        for _ in 0..<6 {
            _ = loading.processEnded("no model", afterRunning: .zero)
            _ = serving.processAnswered()
            _ = serving.processEnded("killed", afterRunning: .seconds(1))
            hopes[0].append(loading.isHopeful)
            hopes[1].append(serving.isHopeful)
            loading.restartDue()
            serving.restartDue()
        }
        #expect(hopes[0] == [true, false, false, false, false, false])
        #expect(hopes[1] == [true, true, true, true, true, false])
        _ = serving.processAnswered()
        _ = serving.processEnded("killed", afterRunning: .seconds(61))
        #expect(serving.isHopeful)
    }

    @Test func `a stop ends the process first and then the instance`() {
        var instance = WorkerInstance()
        _ = instance.processAnswered()
        let actions = [
            instance.stopRequested(), instance.stopRequested(), instance.processAnswered(),
            instance.processEnded("terminated", afterRunning: .zero),
        ]
        #expect(actions == [.terminate(wasReady: true), .wait, .wait, .finish])
        #expect(instance.state == .stopped)
    }

    @Test func `one that is not needed any more is told gone, finishes, and is not started again`() {
        var instance = WorkerInstance()
        _ = instance.processAnswered()
        let actions = [instance.drainRequested(), instance.drainRequested(), instance.processAnswered()]
        #expect(actions == [.announceGone, .wait, .wait])
        let last = [instance.stopRequested(), instance.processEnded("terminated", afterRunning: .zero)]
        #expect(last == [.terminate(wasReady: false), .finish])
    }

    @Test func `one that is needed again before it has finished is back at once`() {
        var instance = WorkerInstance()
        _ = instance.processAnswered()
        let actions = [instance.drainRequested(), instance.drainRevoked(), instance.drainRevoked()]
        #expect(actions == [.announceGone, .announceReady, .wait])
        #expect(instance.state == .ready)
    }

    @Test func `one that dies while it finishes stays away`() {
        var instance = WorkerInstance()
        _ = (instance.processAnswered(), instance.drainRequested())
        let action = instance.processEnded("killed", afterRunning: .zero)
        #expect(action == .finish && instance.state == .stopped)
    }

    @Test func `one that is not ready has nothing to finish`() {
        var starting = WorkerInstance()
        var waiting = WorkerInstance()
        _ = waiting.processEnded("killed", afterRunning: .zero)
        let actions = [starting.drainRequested(), waiting.drainRequested()]
        #expect(actions == [.terminate(wasReady: false), .finish])
    }

    @Test func `a stop while it waits for its restart ends it at once`() {
        var instance = WorkerInstance()
        _ = instance.processEnded("killed", afterRunning: .zero)
        let action = instance.stopRequested()
        instance.restartDue()
        #expect(action == .finish)
        #expect(instance.state == .stopped)
    }
}
