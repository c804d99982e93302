//! Files that are CSV, and files that are not.

use super::*;

fn read(bytes: &[u8]) -> Result<Vec<[String; 2]>, Failure> {
    let mut sheet = Sheet::read(Box::new(io::Cursor::new(bytes.to_vec())), ["kind", "value"])?;
    let mut rows = Vec::new();
    while let Some(values) = sheet.next()? {
        rows.push(values.map(|value| String::from_utf8_lossy(value).into_owned()));
    }
    Ok(rows)
}

/// What is read of a file, as it stands in it.
const READ: &[(&[u8], &[[&str; 2]])] = &[
    (b"kind,value\na,b\n", &[["a", "b"]]),
    // No line break at the end; CRLF; CR alone; blank lines; a mark before a quoted header.
    (b"kind,value\na,b", &[["a", "b"]]),
    (b"kind,value\r\na,b\r\n", &[["a", "b"]]),
    (b"kind,value\ra,b\r", &[["a", "b"]]),
    (b"\n\nkind,value\n\na,b\n\n", &[["a", "b"]]),
    (b"\xEF\xBB\xBF\"kind\",\"value\"\r\n\"a\",\"b\"\r\n", &[["a", "b"]]),
    // Other columns, another order; short and long rows.
    (b"x,value,kind\n1,b,a\n", &[["a", "b"]]),
    (b"kind,value\na\na,b,c\n", &[["a", ""], ["a", "b"]]),
    // Quotes, commas and line breaks inside; a quote in a plain field; blanks.
    (b"kind,value\n\"a \"\"b\"\"\",\" c,\nd \"\n", &[["a \"b\"", " c,\nd "]]),
    (b"kind,value\na\"b\"c, \"d\"\n", &[["a\"b\"c", " \"d\""]]),
    (b"kind,value\n\"\",\"\"\n", &[["", ""]]),
    // Decomposed, invisible, and no text at all.
    ("kind,value\nHo\u{300}a,\u{200B}b\n".as_bytes(), &[["Ho\u{300}a", "\u{200B}b"]]),
    (b"kind,value\n\xFF,\0\n", &[["\u{FFFD}", "\0"]]),
    (b"kind,value\n", &[]),
];

#[test]
fn what_is_csv_is_read_as_written() {
    for (bytes, rows) in READ {
        let shown = String::from_utf8_lossy(bytes);
        let read = read(bytes).unwrap_or_else(|failure| panic!("{shown:?}: {failure}"));
        assert_eq!(read, rows.iter().map(|row| row.map(str::to_owned)).collect::<Vec<_>>(), "{shown:?}");
    }
}

/// What must be said of a file that is none, in English; the line in both.
const REFUSED: &[(&[u8], &str)] = &[
    (b"kind,value\na,\"b\n", "line 2: a quotation mark is opened and never closed"),
    (b"kind,value\na,b\n\"a,b\nc,d\n", "line 3: a quotation mark is opened and never closed"),
    // The quotes above it hold line breaks of every kind.
    (b"kind,value\n\"a\nb\",c\r\nd,\"e\rf\",\n\"g", "line 6: a quotation mark is opened and never closed"),
    (b"kind,value\na,\"b\"\"", "line 2: a quotation mark is opened and never closed"),
    (b"kind,\"value\na,b\n", "line 1: a quotation mark is opened and never closed"),
    (b"kind,value\na,\"b\"c\n", "line 2: text follows a closing quotation mark"),
    (b"kind,value\na,\"b\" \n", "line 2: text follows a closing quotation mark"),
    (b"", "no header line: it needs kind,value"),
    (b"\xEF\xBB\xBF", "no header line"),
    (b"\n\n", "no header line"),
    (b"kind,worth\na,b\n", "the header has no column value: it needs kind,value"),
    (b"kind;value\na;b\n", "the header has no column kind, value: "),
    (b"\nKind,value\na,b\n", "the header has no column kind: "),
    (b"a,b\n", "the header has no column kind, value: "),
    (b"kind,value,kind\na,b,c\n", "the header has the column kind more than once"),
    (b"\xFF\xFEk\0i\0n\0d\0", "UTF-16"),
];

#[test]
fn what_is_no_csv_is_wrong_data_and_told_with_its_line() {
    for (bytes, part) in REFUSED {
        let shown = String::from_utf8_lossy(bytes);
        let Err(failure) = read(bytes) else { panic!("{shown:?} was read") };
        let told = failure.to_string();
        assert_eq!(failure.exit, Exit::Data, "{shown:?}: {told}");
        assert!(told.contains(part), "{shown:?}: {part:?} is not in {told:?}");
        if let Some(line) = part.strip_prefix("line ").and_then(|rest| rest.split(':').next()) {
            assert!(told.contains(&format!("dòng {line}: ")), "{shown:?}: {told:?}");
        }
    }
}

#[test]
fn a_quote_may_span_what_is_read_at_once() {
    // Longer than any buffer on the way, and whole.
    let long = "x".repeat(300_000);
    let rows = read(format!("kind,value\na,\"{long}\"\nc,d\n").as_bytes()).unwrap();
    assert_eq!((rows[0][1].len(), rows[1][0].as_str()), (300_000, "c"));
    let failure = read(format!("kind,value\na,\"{long}").as_bytes()).unwrap_err();
    assert!(failure.to_string().contains("line 2"), "{failure}");
}
