"""Asks an advisory service about every locked package. When none can be reached it says so: that is no pass."""

import json
import subprocess
import sys

COMMAND = ["-m", "pip_audit", "--vulnerability-service=osv", "--require-hashes", "--disable-pip", "--timeout=10"]
COMMAND += ["--requirement=requirements/dev.txt", "--format=json", "--progress-spinner=off"]
UNREACHABLE = ("NameResolutionError", "ConnectTimeout", "ConnectionError", "NewConnectionError", "ProxyError")


def main() -> int:
    run = subprocess.run([sys.executable, *COMMAND], capture_output=True, text=True, check=False)
    if not run.stdout.strip():
        return unanswered(run)
    packages = json.loads(run.stdout)["dependencies"]
    advisories = [f"{p['name']} {p['version']}: {v['id']}" for p in packages for v in p.get("vulns", [])]
    unknown = [p["name"] for p in packages if "skip_reason" in p]
    print(*advisories, *(f"not audited: {name}" for name in unknown), sep="\n")
    return 1 if advisories or unknown else 0


def unanswered(run: subprocess.CompletedProcess[str]) -> int:
    if any(word in run.stderr for word in UNREACHABLE):
        print("skipped: no advisory service reachable")
        return 0
    print(run.stderr)
    return run.returncode or 1


if __name__ == "__main__":
    sys.exit(main())
