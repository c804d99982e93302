"""What the test files share: a folder per test, and the verifier called as a function."""

import io
import json
import os
import tempfile
import unittest

import verify
from made import LOG, Made, entry


def fault(said):
    return said["fault"]["code"], said["fault"]["index"]


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

    def run_verifier(self, log, *arguments, json_wanted=True, key=LOG):
        where = log if isinstance(log, str) else log.folder
        key = key if isinstance(key, str) else key.vkey()
        asked = ["--log", where, "--key", key, *arguments] + ["--json"] * json_wanted
        out = io.StringIO()
        code = verify.main(asked, out)
        return code, json.loads(out.getvalue()) if json_wanted else out.getvalue()

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
