"""What the test files share: a folder per test, and the verifier called as a function. Whatever
they have verified, the gateway's own verifier is asked as well, and must say the same."""

import io
import os
import tempfile
import unittest

import agree
import verify
from made import LOG, Made, entry


def fault(said):
    return said["fault"]["code"], said["fault"]["index"]


agree.program()  # without it there is no test


class Case(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.held = held.name
        self.files = 0

    def folder(self, name):
        return os.path.join(self.held, name)

    def file(self, data):
        """A file outside the log that holds this."""
        self.files += 1
        path = self.folder(f"file{self.files}")
        with open(path, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        return path

    def log(self, size, **more):
        return Made(self.folder("log"), [entry(i) for i in range(size)]).write(**more)

    def run_verifier(self, log, *arguments, json_wanted=True, key=LOG, alone=False):
        """`alone`: the gateway's is known not to say the same; the caller says why."""
        where = log if isinstance(log, str) else log.folder
        key = key if isinstance(key, str) else key.vkey()
        asked = ["--log", where, "--key", key, *arguments]
        if json_wanted:
            return (agree.by_python if alone else agree.both)(asked)
        out = io.StringIO()
        return verify.main(asked, out), out.getvalue()

    def ends(self, code, verdict, log, arguments, more):
        ended, said = self.run_verifier(log, *arguments, **more)
        self.assertEqual((ended, said["verdict"]), (code, verdict), said["fault"])
        return said

    def ok(self, log, *arguments, **more):
        said = self.ends(0, "ok", log, arguments, more)
        self.assertIsNone(said["fault"])
        return said

    def faulty(self, log, *arguments, **more):
        return self.ends(1, "fault", log, arguments, more)

    def unreadable(self, log, *arguments, **more):
        said = self.ends(2, "unreadable", log, arguments, more)
        self.assertEqual(fault(said), ("UNREADABLE", None))
        return said
