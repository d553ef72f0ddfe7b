//! A client's side of HTTP/1.1 over one kept-alive connection, as small as it can be.
//!
//! Client and server share the machine: what the client spends, the server lacks. So a request is bytes
//! made beforehand, and an answer is read without parsing more than its length.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Outcome;

/// A connection that stays open between requests.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: Vec<u8>,
}

/// How the length of a body is told.
enum Length {
    Known(usize),
    Chunked,
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024), body: Vec::new() })
    }

    /// Sends a whole request and reads the whole answer: its status and body.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is not HTTP/1.1.
    pub async fn exchange(&mut self, request: &[u8]) -> Outcome<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(place) = find(&self.buffer, b"\r\n\r\n") {
                break place + 4;
            }
            self.more().await?;
        };
        let head = self.buffer.get(..head_end).unwrap_or_default();
        let (status, length) = parse_head(head)?;
        match length {
            Length::Known(length) => {
                while self.buffer.len() < head_end + length {
                    self.more().await?;
                }
                self.body.clear();
                let body = self.buffer.get(head_end..head_end + length).unwrap_or_default();
                self.body.extend_from_slice(body);
            }
            Length::Chunked => self.read_chunks(head_end).await?,
        }
        Ok((status, &self.body))
    }

    async fn read_chunks(&mut self, mut at: usize) -> Outcome<()> {
        self.body.clear();
        loop {
            let line_end = loop {
                let rest = self.buffer.get(at..).unwrap_or_default();
                if let Some(place) = find(rest, b"\r\n") {
                    break at + place;
                }
                self.more().await?;
            };
            let line = std::str::from_utf8(self.buffer.get(at..line_end).unwrap_or_default())?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16)?;
            let begin = line_end + 2;
            while self.buffer.len() < begin + size + 2 {
                self.more().await?;
            }
            if size == 0 {
                return Ok(());
            }
            let chunk = self.buffer.get(begin..begin + size).unwrap_or_default();
            self.body.extend_from_slice(chunk);
            at = begin + size + 2;
        }
    }

    async fn more(&mut self) -> Outcome<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed the connection within an answer".into());
        }
        Ok(())
    }
}

fn parse_head(head: &[u8]) -> Outcome<(u16, Length)> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or_else(|| format!("not an answer in HTTP/1.1: {head}"))?;
    let mut length = Length::Known(0);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = Length::Known(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            length = Length::Chunked;
        }
    }
    Ok((status, length))
}

/// Where a short pattern begins.
pub fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}
