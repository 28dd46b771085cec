"""Chats of which it is known beforehand what they use and cost."""
import json

WORDS = 7
PRICE = {"input_per_1k_tokens": 0.5, "output_per_1k_tokens": 1.5, "per_request": 0.001}


def chat_body(model):
    """A chat whose estimate (a token for four bytes, and `max_tokens`) is what it will use: nothing is refunded."""
    for words in range(1, 400):
        body = json.dumps({"model": model, "max_tokens": WORDS, "messages": [
            {"role": "user", "content": " ".join("a" * words)}]}).encode()
        if len(body) // 4 == words:
            return body, words
    raise AssertionError("no such body")


def micros(words):
    """The price of one such chat in millionths."""
    return sum(-(-tokens * round(PRICE[name] * 1e6) // 1000) for name, tokens in [
        ("input_per_1k_tokens", words), ("output_per_1k_tokens", WORDS)]) + round(PRICE["per_request"] * 1e6)


def chats(key, model, count):
    body, _ = chat_body(model)
    return [("/v1/chat/completions", {"authorization": f"Bearer {key}"}, body)] * count
