//! A client that says on the wire exactly what a test wants said, right or wrong, and reads what comes back.

use std::fmt::{self, Write as _};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a reply may be waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where a server is: `http://host:port` and no more.
#[derive(Clone, Debug)]
pub struct Server {
    host: String,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, its framing undone.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.text())
    }
}

impl Answer {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Reads a whole reply of a connection that is to be closed.
///
/// # Errors
/// What the connection reports, `UnexpectedEof` if it was closed without a whole reply, `InvalidData` for what is no HTTP.
pub fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    // A server that closes with something unread resets the connection; what came before is read all the same.
    if let Err(error) = stream.read_to_end(&mut bytes)
        && bytes.is_empty()
    {
        return Err(error);
    }
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| invalid("the header is no text"))?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = status.and_then(|line| line.get(..3)?.parse().ok()).ok_or_else(|| invalid("no status line"))?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let body = bytes.split_off(end + 4);
        if status == 100 {
            bytes = body;
            continue;
        }
        let mut answer = Answer { status, headers, body };
        if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            answer.body = joined(&answer.body)?;
        } else if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().map_err(|_| invalid("a length that is no number"))?;
            if answer.body.len() != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        return Ok(answer);
    }
}

fn joined(mut chunks: &[u8]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let length = std::str::from_utf8(&chunks[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let length = length.ok_or_else(|| invalid("a chunk without its length"))?;
        let chunk = chunks.get(end + 2..end + 2 + length).ok_or(io::ErrorKind::UnexpectedEof)?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(chunk);
        chunks = chunks.get(end + 4 + length..).ok_or(io::ErrorKind::UnexpectedEof)?;
    }
}

impl Server {
    /// The server at a base URL such as `http://127.0.0.1:8080`.
    ///
    /// # Panics
    /// If it is not of that form: TLS and paths are no matter of this client.
    pub fn new(url: &str) -> Self {
        let host = url.strip_prefix("http://").map(|host| host.trim_end_matches('/'));
        let host = host.filter(|host| !host.contains('/')).expect("a base URL is http://HOST:PORT");
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        Self { host }
    }

    /// A connection with a limit on waiting.
    ///
    /// # Errors
    /// What the system reports.
    pub fn connect(&self) -> io::Result<TcpStream> {
        let address = self.host.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The header of a request, without a length.
    pub fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host);
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head
    }

    /// Sends bytes as they are, says that no more will come, and reads the reply.
    ///
    /// # Errors
    /// What the connection reports, and a reply that is none.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<Answer> {
        let mut stream = self.connect()?;
        // A server that refuses early may close before all is sent; its reply counts.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        read_answer(&mut stream)
    }

    /// A call with a body of known length.
    ///
    /// # Errors
    /// What the connection reports, and a reply that is none.
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let head = self.head(method, path, headers);
        let mut stream = self.connect()?;
        let head = format!("{head}Content-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        read_answer(&mut stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_cut_ones_told() {
        assert_eq!(joined(b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n").unwrap(), b"abcd");
        for cut in [&b"3\r\nab"[..], b"3\r\nabc\r\n", b"", b"x\r\n"] {
            assert!(joined(cut).is_err());
        }
    }

    #[test]
    fn a_base_url_has_a_host_and_no_path() {
        assert_eq!(Server::new("http://x").host, "x:80");
        assert!(std::panic::catch_unwind(|| Server::new("http://x/y")).is_err());
        assert!(std::panic::catch_unwind(|| Server::new("https://x")).is_err());
    }
}
