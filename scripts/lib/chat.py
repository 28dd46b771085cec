"""One streamed chat call over verified TLS; prints the model's words as they arrive. Standard library only."""
import argparse
import http.client
import json
import ssl
import sys


def events(response):
    """The data of each server-sent event."""
    while line := response.readline():
        if line.startswith(b"data: "):
            yield line[len(b"data: "):].strip()


def print_answer(response):
    """Prints the pieces as they come; true when the stream ended properly and held text."""
    is_whole, has_text = False, False
    for data in events(response):
        if data == b"[DONE]":
            is_whole = True
            break
        message = json.loads(data)
        if "error" in message:
            sys.exit(f"\nthe model stopped: {message['error'].get('message')}")
        for choice in message.get("choices", []):
            text = choice["delta"].get("content") or ""
            has_text = has_text or bool(text)
            print(text, end="", flush=True)
    print(flush=True)
    return is_whole and has_text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--max-tokens", type=int, default=128)
    options = parser.parse_args()
    connection = http.client.HTTPSConnection(
        "localhost", options.port, timeout=120, context=ssl.create_default_context(cafile=options.ca))
    body = {
        "model": options.model, "messages": [{"role": "user", "content": options.prompt}], "stream": True,
        "temperature": 0, "max_tokens": options.max_tokens,
    }
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {
        "Authorization": f"Bearer {options.key}", "Content-Type": "application/json"})
    response = connection.getresponse()
    if response.status != 200:
        sys.exit(f"the gateway answered {response.status}: {response.read(2000).decode(errors='replace')}")
    if not print_answer(response):
        sys.exit("the stream was cut before its end")


if __name__ == "__main__":
    try:
        main()
    except (OSError, http.client.HTTPException) as problem:
        sys.exit(f"the call failed: {problem or type(problem).__name__}")
