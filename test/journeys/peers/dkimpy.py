"""Verifies messages with dkimpy. Reads JSON from stdin: [{"message": base64, "records": {name: text}, "signatures": n}]."""

import base64
import json
import sys

import dkim

for case in json.load(sys.stdin):
    records = {name: text.encode() for name, text in case["records"].items()}
    message = base64.b64decode(case["message"])
    verifier = dkim.DKIM(message)

    def dns(name, timeout=5):
        return records.get((name.decode() if isinstance(name, bytes) else name).rstrip("."))

    results = []
    for index in range(case["signatures"]):
        try:
            results.append(bool(verifier.verify(idx=index, dnsfunc=dns)))
        except dkim.DKIMException as fault:
            results.append(str(fault))
    print(json.dumps(results))
