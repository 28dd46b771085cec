"""Pages that call the gateway with fetch, and what they can know of its answers."""
import http.server
import json
import threading

# What the page's own script does; every call answers with what a page can know.
SCRIPT = """
async function call(path, options = {}) {
    try {
        const response = await fetch("https://GATEWAY" + path, {method: "POST", body: "{}", ...options});
        const text = await response.text();
        return {status: response.status, text, type: response.type, headers: Object.fromEntries(response.headers)};
    } catch (error) {
        return {error: error.name};
    }
}
async function stream(path, options) {
    const started = performance.now(), moments = [];
    const response = await fetch("https://GATEWAY" + path, {method: "POST", body: "{}", ...options});
    const reader = response.body.getReader(), decoder = new TextDecoder();
    let text = "";
    for (;;) {
        const {done, value} = await reader.read();
        if (done) break;
        moments.push(performance.now() - started);
        text += decoder.decode(value, {stream: true});
    }
    return {status: response.status, moments, text, headers: Object.fromEntries(response.headers)};
}
"""


class Site:
    """A page that is empty but for its script, under any name; its script calls the host `gateway`."""

    def __init__(self, gateway):
        script = SCRIPT.replace("GATEWAY", gateway)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = f"<!doctype html><title>page</title><script>{script}</script>".encode()
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def fetch(page, path, **options):
    return page.evaluate(f"call({json.dumps(path)}, {json.dumps(options)})")


def stream(page, path, **options):
    return page.evaluate(
        f"stream({json.dumps(path)}, {json.dumps(options)}).catch(error => ({{error: error.name}}))")


def refusals(page):
    """Why the page was not let read answers, one after another."""
    # The browser may tell of a failure a little after the page knows of it.
    page.evaluate("new Promise(done => setTimeout(done, 100))")
    return [(failure.get("corsErrorStatus") or {}).get("corsError") for failure in page.failures()]
