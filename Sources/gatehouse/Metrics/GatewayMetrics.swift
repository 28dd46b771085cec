import Foundation
import GatewayCore
import GatewayProxy
import GatewayTLS
import GatewayWorkers

/// All that `/metrics` shows: what receipts told, and how everything is at this moment.
struct GatewayMetrics: Sendable {
    let counted: ReceiptMetrics
    let snapshots: SnapshotBox
    let workers: WorkerBoard
    let receipts: ReceiptQueue
    let captures: CaptureQueue
    let traces: TraceQueue
    let proxy: @Sendable () -> ProxyFacts
    let certificates: @Sendable () -> [HostCertificate]
    private let started = Date()

    init(
        counted: ReceiptMetrics,
        snapshots: SnapshotBox,
        workers: WorkerBoard,
        receipts: ReceiptQueue,
        captures: CaptureQueue,
        traces: TraceQueue,
        proxy: @escaping @Sendable () -> ProxyFacts,
        certificates: @escaping @Sendable () -> [HostCertificate]
    ) {
        self.counted = counted
        self.snapshots = snapshots
        self.workers = workers
        self.receipts = receipts
        self.captures = captures
        self.traces = traces
        self.proxy = proxy
        self.certificates = certificates
    }

    var families: [MetricFamily] {
        counted.families + snapshots.current.metrics(workers) + connections + queues
            + [Self.expiries(of: certificates()), build]
            + ProcessMetrics(startedAt: started.timeIntervalSince1970).families
    }

    private var connections: [MetricFamily] {
        let facts = proxy()
        return [
            .gauge("gatehouse_connections_open", "Connections of clients.", facts.connections),
            .gauge("gatehouse_exchanges_running", "Requests whose answer is not over.", facts.exchanges),
            MetricFamily(
                .counter,
                "gatehouse_tls_handshakes",
                "Handshakes of the gateway's listener, by how they ended.",
                [
                    .init([.init("result", "done")], .count(Int64(facts.handshakes.done))),
                    .init([.init("result", "failed")], .count(Int64(facts.handshakes.failed))),
                ]
            ),
            MetricFamily(
                .histogram,
                "gatehouse_event_loop_lag_seconds",
                "How late the event loops did what was due, looked at four times a second.",
                facts.lags.enumerated().map { index, lag in
                    MetricFamily.Sample([.init("loop", "\(index)")], .histogram(lag))
                }
            ),
        ]
    }

    private var queues: [MetricFamily] {
        let receipts = receipts.counts
        let captures = captures.counts
        let traces = traces.counts
        return [
            .gauge("gatehouse_receipts_waiting", "Receipts that are not on the disk yet.", receipts.waiting),
            MetricFamily(
                .counter,
                "gatehouse_receipts_dropped",
                "Receipts of requests without a deployment that came faster than they could be written.",
                [.init([], .count(Int64(receipts.dropped)))]
            ),
            .gauge("gatehouse_captures_waiting", "Captures that wait to be written.", captures.waiting),
            MetricFamily(
                .counter,
                "gatehouse_captures",
                "Captures that are no longer waiting, by what became of them.",
                [
                    .init([.init("result", "stored")], .count(Int64(captures.stored))),
                    .init([.init("result", "dropped")], .count(Int64(captures.dropped))),
                ]
            ),
            .gauge("gatehouse_traces_waiting", "Traces that the collector was not sent yet.", traces.waiting),
            MetricFamily(
                .counter,
                "gatehouse_traces",
                "Traces that are no longer waiting, by what became of them.",
                [
                    .init([.init("result", "sent")], .count(Int64(traces.sent))),
                    .init([.init("result", "dropped")], .count(Int64(traces.dropped))),
                ]
            ),
            MetricFamily(
                .counter,
                "gatehouse_trace_export_failures",
                "Times that the collector did not take a batch.",
                [.init([], .count(Int64(traces.failures)))]
            ),
        ]
    }

    static func expiries(of certificates: [HostCertificate]) -> MetricFamily {
        // Two files may name a host: the first one that ends is told.
        let ends = Dictionary(certificates.map { ($0.host, $0.notAfter) }, uniquingKeysWith: { min($0, $1) })
        return MetricFamily(
            .gauge,
            "gatehouse_tls_certificate_expiry_timestamp_seconds",
            "When the certificate of a host ends, in seconds since 1970.",
            ends.sorted { $0.key < $1.key }.map { host, end in
                MetricFamily.Sample([.init("host", host)], .count(end))
            },
            rest: .least
        )
    }

    private var build: MetricFamily {
        MetricFamily(
            .info,
            "gatehouse_build",
            "The gateway's version.",
            [.init([.init("version", Gatehouse.release)], .count(1))]
        )
    }
}

extension MetricFamily {
    /// One that has no labels.
    static func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(.gauge, name, help, [Sample([], .count(Int64(value)))])
    }
}
