"""A worker whose every second reset says that it is spent. Answers calls with its process number."""

import json
import os
import socket
import struct

host = socket.socket(fileno=0)
resets = 0


def read(length):
    body = b""
    while len(body) < length:
        piece = host.recv(length - len(body))
        if not piece:
            os._exit(0)
        body += piece
    return body


while True:
    length, kind = struct.unpack("<IB3x", read(8))
    read(length)
    spent = 0
    answer = b""
    if kind == 1:
        answer = json.dumps({"protocol": 1, "engine": {"engine_version": "grows"}}).encode()
    elif kind == 3:
        answer = struct.pack("<I", 0)
    elif kind == 4:
        answer = str(os.getpid()).encode()
    elif kind == 5:
        resets += 1
        spent = int(resets % 2 == 0)
    host.sendall(struct.pack("<IBBxx", len(answer), kind, spent) + answer)
