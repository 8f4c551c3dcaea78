#!/usr/bin/env python3
"""Measures how fast a running server hands out results, with nginx beside it for scale.

    tests/bench/files.py BASE_URL RESULTS_DIR

BASE_URL is where the server answers, RESULTS_DIR the tree that it serves at /results/. Two files
are put there for the time of the measurement. nginx serves the same tree; the two take turns, so
that a noisy machine disturbs both. Needs nginx, curl and wrk.

Exits with 1 if a goal is missed: 0.8 times nginx for a file of 200 MB, 0.3 times for many of 4 KB.
"""
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
LARGE = 200 << 20
SMALL = 4 << 10
GOALS = {"large": 0.8, "small": 0.3}
OWNER = "bench-%d" % os.getpid()

NGINX = """
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /results/ {{ alias {results}/; }}
    }}
}}
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start_nginx(results, scratch):
    port = free_port()
    config = Path(scratch, "nginx.conf")
    # Workers of root's nginx are another user, who may not be let into the tree.
    user = "user root;\n" if os.getuid() == 0 else ""
    config.write_text(user + NGINX.format(dir=scratch, port=port, results=results))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([nginx, "-p", scratch, "-c", str(config)])
    for _ in range(50):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, "http://127.0.0.1:%d" % port
        except OSError:
            time.sleep(0.1)
    process.terminate()
    raise SystemExit("nginx does not start, see above")


def download(url):
    """MiB/s of one download."""
    out = subprocess.run(["curl", "-sf", "-o", "/dev/null", "-w", "%{size_download} %{time_total}",
                          url], check=True, capture_output=True, text=True).stdout.split()
    assert int(out[0]) == LARGE, "%s has %s bytes" % (url, out[0])
    return LARGE / float(out[1]) / (1 << 20)


def requests(url):
    """Requests per second over 32 connections."""
    out = subprocess.run(["wrk", "-t1", "-c32", "-d3s", url], check=True, capture_output=True,
                         text=True).stdout
    assert "Non-2xx" not in out, out
    return float(next(line.split()[1] for line in out.splitlines() if "Requests/sec" in line))


def compare(name, unit, measure, ours, nginx, path):
    seen = {"ours": [], "nginx": []}
    for _ in range(ROUNDS):
        for who, base in (("nginx", nginx), ("ours", ours)):
            seen[who].append(measure("%s/results/%s/%s" % (base, OWNER, path)))
    median = {who: statistics.median(values) for who, values in seen.items()}
    ratio = median["ours"] / median["nginx"]
    reached = ratio >= GOALS[name]
    for who, values in seen.items():
        print("%-6s %-6s median %8.0f %s   %s" % (
            name, who, median[who], unit, " ".join("%.0f" % value for value in values)))
    print("%-6s ratio  %.2f, goal %.1f: %s" % (
        name, ratio, GOALS[name], "reached" if reached else "MISSED"))
    return reached


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__.strip())
    ours, results = sys.argv[1].rstrip("/"), Path(sys.argv[2]).resolve()
    place = results / OWNER
    place.mkdir()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        os.chmod(scratch, 0o755)
        nginx = None
        try:
            (place / "large.rpm").write_bytes(os.urandom(1 << 20) * (LARGE >> 20))
            (place / "small.xml").write_bytes(os.urandom(SMALL))
            nginx, base = start_nginx(results, scratch)
            reached = [
                compare("large", "MiB/s", download, ours, base, "large.rpm"),
                compare("small", "req/s", requests, ours, base, "small.xml"),
            ]
        finally:
            if nginx:
                nginx.terminate()
                nginx.wait()
            shutil.rmtree(place)
    sys.exit(0 if all(reached) else 1)


main()
