//! Rules of the workspace, held by the tests beside this file.
