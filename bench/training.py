#!/usr/bin/env python3
"""Training in C beside PyTorch on the processor: the same network over the same data in turns.

    python3 bench/training.py [--build build] [--threads 2] [--rounds 5] [--steps 8]

Both read one data set whose examples all have the same size, so that packing and padding are the
same, look relations up rather than make a tensor of them, update by AdamW with averaged weights,
and use the same number of threads. Prints one line of JSON: examples a second, medians over the
rounds and their ratio. Without PyTorch (Debian: python3-torch) it says so and exits 77.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = {"heads": 8, "enc": 4, "dec": 2, "ff": 512}
WIDTH, BATCH, NODES, WARM = 192, 32, 48, 2


def environment(threads):
    env = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        env[name] = str(threads)
    return env


def lines_of(command, env):
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit("bench/training.py: %s\n%s" % (" ".join(command), done.stderr[-2000:]))
    return [json.loads(l) for l in (done.stdout + done.stderr).splitlines() if l.startswith("{")]


def in_c(build, data, out, threads, steps):
    """Workers with single-threaded products, as the trainer has them."""
    command = [os.path.join(build, "emend-train"), "train", "--data", data, "--out", out,
               "--steps", str(steps + WARM), "--threads", str(threads), "--width", str(WIDTH),
               "--batch-nodes", str(BATCH * NODES), "--log-every", "1"]
    for name, value in SIZES.items():
        command += ["--" + name, str(value)]
    rows = [r for r in lines_of(command, environment(1)) if "step" in r and "seconds" in r]
    times = [b["seconds"] - a["seconds"] for a, b in zip(rows, rows[1:])][WARM - 1:]
    return BATCH / statistics.median(times)


def in_torch(data, out, threads, steps):
    command = [sys.executable, os.path.join(HERE, "..", "tools", "train", "reference.py"), "train",
               "--data", data, "--out", out, "--device", "cpu", "--accel", "eager", "--d", str(WIDTH),
               "--batch", str(BATCH), "--minutes", "30", "--reserve", "1",
               "--max-steps", str(steps + WARM), "--log-every", "0"]
    for name, value in SIZES.items():
        command += ["--" + name, str(value)]
    rows = [r for r in lines_of(command, environment(threads)) if "per_s" in r]
    return statistics.median([r["per_s"] for r in rows][WARM:])


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", default=os.path.join(HERE, "..", "build"))
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--steps", type=int, default=8)
    a = p.parse_args()
    try:
        import torch
    except ImportError:
        print("SKIP: bench/training.py needs PyTorch (python3-torch), and it is not there",
              file=sys.stderr)
        print(json.dumps({"skipped": "no PyTorch"}))
        sys.exit(77)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        data, out = os.path.join(folder, "data.emt"), os.path.join(folder, "out.emt")
        subprocess.run([os.path.join(a.build, "bench-network"), "--write-data", data], check=True)
        for _ in range(a.rounds):
            ours.append(in_c(a.build, data, out, a.threads, a.steps))
            theirs.append(in_torch(data, out, a.threads, a.steps))
    c, t = statistics.median(ours), statistics.median(theirs)
    print(json.dumps({"threads": a.threads, "rounds": a.rounds, "torch_version": torch.__version__,
                      "c_examples_per_second": round(c, 1), "c_runs": [round(x, 1) for x in ours],
                      "torch_examples_per_second": round(t, 1),
                      "torch_runs": [round(x, 1) for x in theirs], "ratio": round(c / t, 2)}))


main()
