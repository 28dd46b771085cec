/// A metric that receipts fill: how it is called, and what of a deployment's counts it shows.
struct ReceiptFamily {
    typealias Sample = MetricFamily.Sample
    typealias Label = MetricFamily.Label

    let kind: MetricFamily.Kind
    let name: String
    let help: String
    /// Without the labels of the deployment.
    let samples: (_ series: ReceiptSeries, _ endpoint: String) -> [Sample]

    private init(
        _ kind: MetricFamily.Kind,
        _ name: String,
        _ help: String,
        _ samples: @escaping (_ series: ReceiptSeries, _ endpoint: String) -> [Sample]
    ) {
        self.kind = kind
        self.name = name
        self.help = help
        self.samples = samples
    }

    static var all: [ReceiptFamily] { exchanges + models }

    /// Refusals of rate limits, quotas and queues.
    private static let limitRules: Set<String> = [
        "RateLimitExceeded", "QuotaExceeded", "QueueFull", "QueueWaitOver", "InstancesPaused",
    ]

    private static var exchanges: [ReceiptFamily] {
        [
            ReceiptFamily(.counter, "gatehouse_requests", "Requests that are over, copies not among them.") {
                series,
                _ in
                series.endings.counts.map { ending, count in
                    let status = ending.status < 0 ? "other" : String(ending.status)
                    return Sample([Label("status", status), Label("outcome", ending.outcome.rawValue)], .count(count))
                }
            },
            ReceiptFamily(
                .counter,
                "gatehouse_errors",
                "Answers that the gateway made itself, or broke off, by the rule that it names in its answer."
            ) { series, _ in rules(series) { _ in true } },
            ReceiptFamily(
                .counter,
                "gatehouse_limits_refused",
                "Requests that a rate limit, a quota or a full queue refused, by rule."
            ) { series, _ in rules(series, where: limitRules.contains) },
            ReceiptFamily(
                .histogram,
                "gatehouse_request_duration_seconds",
                "From a request's first byte to the end of all."
            ) { series, _ in histogram(series.durations) },
            ReceiptFamily(.counter, "gatehouse_request_bytes", "Bytes of requests' bodies.") { series, _ in
                total(series.requestBytes)
            },
            ReceiptFamily(.counter, "gatehouse_response_bytes", "Bytes of answers' bodies.") { series, _ in
                total(series.responseBytes)
            },
            ReceiptFamily(.counter, "gatehouse_retries", "Times that a request was sent again.") { series, _ in
                total(series.retries)
            },
            ReceiptFamily(
                .counter,
                "gatehouse_fallbacks",
                "Requests that another deployment was asked for than the one that should have answered, by reason."
            ) { series, _ in
                series.fallbacks.counts.map { Sample([Label("reason", $0.key)], .count($0.count)) }
            },
            ReceiptFamily(.counter, "gatehouse_mirrored_requests", "Copies of requests that a mirror was sent.") {
                series,
                _ in
                series.mirrored.counts.map { Sample([Label("outcome", $0.key.rawValue)], .count($0.count)) }
            },
            ReceiptFamily(.counter, "gatehouse_replayed_requests", "Captured requests that were sent once more.") {
                series,
                _ in
                series.replayed.counts.map { Sample([Label("outcome", $0.key.rawValue)], .count($0.count)) }
            },
            ReceiptFamily(.counter, "gatehouse_tokens", "Tokens that count in limits, quotas and reports.") {
                series,
                _ in
                let tokens = [("input", series.inputTokens), ("output", series.outputTokens)]
                return tokens.filter { $0.1 > 0 }.map { Sample([Label("type", $0.0)], .count($0.1)) }
            },
        ]
    }

    private static var models: [ReceiptFamily] {
        [
            ReceiptFamily(
                .histogram,
                "gen_ai_server_request_duration_seconds",
                "How long calls of models took, by the kind of error where one ended them."
            ) { series, endpoint in
                operations(series, endpoint) { operation in
                    operation.durations.flatMap { error, histogram in
                        self.histogram(histogram, error.isEmpty ? [] : [Label("error_type", error)])
                    }
                }
            },
            ReceiptFamily(
                .histogram,
                "gen_ai_server_time_to_first_token_seconds",
                "From a request's first byte to the first byte of a streamed answer."
            ) { series, endpoint in operations(series, endpoint) { histogram($0.firstTokens) } },
            ReceiptFamily(
                .histogram,
                "gen_ai_server_time_per_output_token_seconds",
                "Between the tokens of a streamed answer, behind its first one."
            ) { series, endpoint in operations(series, endpoint) { histogram($0.outputTokens) } },
            ReceiptFamily(.histogram, "gen_ai_client_token_usage", "Tokens of one call.") { series, endpoint in
                operations(series, endpoint) { operation in
                    histogram(operation.inputUsage, [Label("gen_ai_token_type", "input")])
                        + histogram(operation.outputUsage, [Label("gen_ai_token_type", "output")])
                }
            },
        ]
    }

    private static func total(_ count: Int64) -> [Sample] { count > 0 ? [Sample([], .count(count))] : [] }

    private static func histogram(_ histogram: Histogram, _ labels: [Label] = []) -> [Sample] {
        histogram.count > 0 ? [Sample(labels, .histogram(histogram))] : []
    }

    private static func rules(_ series: ReceiptSeries, where isMeant: (String) -> Bool) -> [Sample] {
        series.refusals.counts.filter { isMeant($0.key) }.map { Sample([Label("rule", $0.key)], .count($0.count)) }
    }

    /// Callers may write any model's name: the label is the endpoint's, which is one of the names of its model.
    private static func operations(
        _ series: ReceiptSeries,
        _ endpoint: String,
        _ samples: (OperationSeries) -> [Sample]
    ) -> [Sample] {
        series.operations.flatMap { operation, series in
            samples(series).map { sample in
                let labels = [
                    Label("gen_ai_operation_name", operation.rawValue), Label("gen_ai_provider_name", "gatehouse"),
                    Label("gen_ai_request_model", endpoint),
                ]
                return Sample(labels + sample.labels, sample.value)
            }
        }
    }
}
