//! What is held back leaves whole, in order, and at the end of the turn.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use super::*;

/// Counts the writes that reach the stream.
struct Counted {
    stream: DuplexStream,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.writes.lock().push(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Takes whatever is written and passes it on only when flushed, as a TLS
/// stream does.
struct Hoarding {
    stream: DuplexStream,
    bytes: Vec<u8>,
}

impl AsyncRead for Hoarding {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Hoarding {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, bytes } = &mut *self;
        while !bytes.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(context, bytes))?;
            bytes.drain(..written);
        }
        Pin::new(stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

type Pair = (Corked<Counted>, Cork<Counted>, DuplexStream, Arc<Mutex<Vec<usize>>>);

fn pair(room: usize) -> Pair {
    let (near, far) = duplex(room);
    let writes = Arc::new(Mutex::new(Vec::new()));
    let (corked, cork) = corked(Counted { stream: near, writes: Arc::clone(&writes) });
    (corked, cork, far, writes)
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future).await.expect("in time")
}

#[tokio::test]
async fn what_one_turn_writes_leaves_in_one_write() {
    let (mut stream, cork, mut far, writes) = pair(1024);
    let mut connection = pin!(async move {
        for part in [&b"one "[..], b"two ", b"three"] {
            stream.write_all(part).await.unwrap();
            stream.flush().await.unwrap();
        }
        // Its turn is over; nothing has been shut down.
        std::future::pending::<()>().await;
    });
    let turns = poll_fn(|context| cork.turn(context, connection.as_mut()));
    let mut read = [0; 13];
    tokio::select! {
        () = turns => panic!("it never ends"),
        told = within(far.read_exact(&mut read)) => assert_eq!(told.unwrap(), 13),
    }
    assert_eq!(&read, b"one two three");
    assert_eq!(*writes.lock(), [13]);
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_the_connection_back_and_loses_nothing() {
    const ALL: usize = 4 * MOST;
    let (mut stream, cork, mut far, _) = pair(1000);
    let written = Arc::new(Mutex::new(0));
    let progress = Arc::clone(&written);
    let mut connection = pin!(async move {
        let bytes: Vec<u8> = (0..ALL).map(|at| (at % 251) as u8).collect();
        for part in bytes.chunks(700) {
            stream.write_all(part).await.unwrap();
            *progress.lock() += part.len();
        }
        stream.shutdown().await.unwrap();
    });
    let turn = |context: &mut Context<'_>, connection: Pin<&mut _>| cork.turn(context, connection);
    // A turn without a reader fills what may be held, and no more.
    let pending = poll_fn(|context| Poll::Ready(turn(context, connection.as_mut()).is_pending())).await;
    assert!(pending);
    assert!((MOST..MOST + 4000).contains(&*written.lock()), "{}", written.lock());
    let read = async {
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        all
    };
    let ((), all) =
        within(async { tokio::join!(poll_fn(|context| turn(context, connection.as_mut())), read) }).await;
    assert_eq!(all.len(), ALL);
    assert!(all.iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
}

#[tokio::test]
async fn a_peer_that_is_always_behind_costs_no_more_than_the_bound() {
    let (mut stream, cork, mut far, _) = pair(4096);
    let held = Arc::clone(&stream.0);
    let most = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&most);
    let mut connection = pin!(async move {
        loop {
            stream.write_all(&[7; 16 * 1024]).await.unwrap();
            let mut most = seen.lock();
            *most = held.lock().bytes.capacity().max(*most);
        }
    });
    let turns = poll_fn(|context| cork.turn(context, connection.as_mut()));
    let reads = async {
        let mut piece = vec![0; 1000];
        for _ in 0..4_000 {
            far.read_exact(&mut piece).await.unwrap();
        }
    };
    tokio::select! {
        () = turns => panic!("it never ends"),
        () = within(reads) => {}
    }
    assert!((MOST..=4 * MOST).contains(&*most.lock()), "{} bytes for a slow peer", most.lock());
}

#[tokio::test]
async fn what_the_stream_itself_keeps_leaves_too() {
    let (near, mut far) = duplex(16);
    let (mut stream, cork) = corked(Hoarding { stream: near, bytes: Vec::new() });
    let mut connection = pin!(async move {
        stream.write_all(&[7; 4000]).await.unwrap();
        // Nothing more is ever written.
        std::future::pending::<()>().await;
    });
    let turns = poll_fn(|context| cork.turn(context, connection.as_mut()));
    let mut read = [0; 4000];
    tokio::select! {
        () = turns => panic!("it never ends"),
        told = within(far.read_exact(&mut read)) => assert_eq!(told.unwrap(), 4000),
    }
}

#[tokio::test]
async fn a_peer_that_is_gone_is_told_to_the_connection() {
    let (mut stream, cork, far, _) = pair(1024);
    drop(far);
    let mut connection = pin!(async move {
        stream.write_all(b"nobody hears this").await.unwrap();
        // The end of this turn lets the bytes go, and that fails.
        tokio::task::yield_now().await;
        let mut byte = [0];
        // The failed write shows before the end of the stream does.
        stream.read(&mut byte).await.unwrap_err().kind()
    });
    let kind = within(poll_fn(|context| cork.turn(context, connection.as_mut()))).await;
    assert_eq!(kind, io::ErrorKind::BrokenPipe);
}
