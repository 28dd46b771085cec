-- One small chat request with the key; at the end one line of JSON for bench.py.
wrk.method = "POST"
wrk.path = "/demo/bench/score"
wrk.headers["content-type"] = "application/json"
wrk.headers["api-key"] = os.getenv("BENCH_KEY")
wrk.body = os.getenv("BENCH_BODY")

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
