//! Files that people upload: what each is for, which types that takes, and how a type shows itself.

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Lies beside a voucher.
    Attachment,
    /// Books of another program, to be read in.
    Import,
    /// A bank's statement, to be compared.
    BankStatement,
}

/// A type of file that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Media {
    /// A document.
    Pdf,
    /// A picture without loss.
    Png,
    /// A photograph.
    Jpeg,
    /// A picture of the web.
    WebP,
    /// A workbook.
    Xlsx,
    /// An archive.
    Zip,
    /// A table as text.
    Csv,
    /// Text, such as a journal or a statement of SWIFT's form.
    Text,
    /// Markup, such as what Tally writes.
    Xml,
    /// Open Financial Exchange.
    Ofx,
    /// JavaScript's notation.
    Json,
}

/// Bytes from a file's beginning that [`Media::fits`] looks at.
pub const HEAD_BYTES: usize = 16;

impl Media {
    const EVERY: [Self; 11] = [
        Self::Pdf,
        Self::Png,
        Self::Jpeg,
        Self::WebP,
        Self::Xlsx,
        Self::Zip,
        Self::Csv,
        Self::Text,
        Self::Xml,
        Self::Ofx,
        Self::Json,
    ];

    /// The name under which the type is registered.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Zip => "application/zip",
            Self::Csv => "text/csv",
            Self::Text => "text/plain",
            Self::Xml => "application/xml",
            Self::Ofx => "application/x-ofx",
            Self::Json => "application/json",
        }
    }

    /// Reads a type's name, whatever its case and parameters; also the names that browsers give.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let known = Self::EVERY.into_iter().find(|one| one.as_str() == name);
        known.or(match name.as_str() {
            "text/xml" => Some(Self::Xml),
            "application/csv" => Some(Self::Csv),
            "application/ofx" => Some(Self::Ofx),
            "application/x-zip-compressed" => Some(Self::Zip),
            _ => None,
        })
    }

    /// Whether bytes that begin so can be of this type. A type of text has no mark of its own; it only
    /// must not be one of the others.
    pub fn fits(self, head: &[u8]) -> bool {
        let looks = Self::told_by(head);
        match self {
            Self::Pdf | Self::Png | Self::Jpeg | Self::WebP | Self::Zip => looks == Some(self),
            Self::Xlsx => looks == Some(Self::Zip),
            Self::Csv | Self::Text | Self::Xml | Self::Ofx | Self::Json => {
                looks.is_none() && !is_program(head)
            }
        }
    }

    /// What the first bytes say, where they say anything.
    fn told_by(head: &[u8]) -> Option<Self> {
        let is_riff = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
        if is_riff {
            return Some(Self::WebP);
        }
        let marks: [(&[u8], Self); 4] = [
            (b"%PDF-", Self::Pdf),
            (b"\x89PNG\r\n\x1a\n", Self::Png),
            (b"\xff\xd8\xff", Self::Jpeg),
            (b"PK\x03\x04", Self::Zip),
        ];
        marks.into_iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, media)| media)
    }
}

/// Programs of the usual systems.
fn is_program(head: &[u8]) -> bool {
    [b"\x7fELF".as_slice(), b"MZ\x90", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe"]
        .into_iter()
        .any(|mark| head.starts_with(mark))
}

impl Purpose {
    /// The types that files for this may have.
    pub const fn types(self) -> &'static [Media] {
        use Media::{Csv, Jpeg, Json, Ofx, Pdf, Png, Text, WebP, Xlsx, Xml, Zip};
        match self {
            Self::Attachment => &[Pdf, Png, Jpeg, WebP, Xlsx, Csv, Text],
            Self::Import => &[Csv, Xlsx, Xml, Text, Json, Zip],
            Self::BankStatement => &[Csv, Xlsx, Ofx, Text, Xml],
        }
    }

    /// Whether a file of this type may be for it.
    pub fn takes(self, media: Media) -> bool {
        self.types().contains(&media)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_by_its_name() {
        for media in Media::EVERY {
            assert_eq!(Media::parse(media.as_str()), Some(media));
        }
        for (text, media) in [
            ("Text/CSV; charset=utf-8", Some(Media::Csv)),
            ("text/xml", Some(Media::Xml)),
            ("text/html", None),
            ("image/svg+xml", None),
            ("application/octet-stream", None),
            ("", None),
        ] {
            assert_eq!(Media::parse(text), media, "{text}");
        }
    }

    #[test]
    fn bytes_must_be_what_they_are_said_to_be() {
        let webp = b"RIFF\x10\0\0\0WEBPVP8 ";
        for (media, head, fits) in [
            (Media::Pdf, b"%PDF-1.7".as_slice(), true),
            (Media::Pdf, b"<html>", false),
            (Media::Png, b"\x89PNG\r\n\x1a\n\0\0", true),
            (Media::Png, b"\xff\xd8\xff\xe0", false),
            (Media::Jpeg, b"\xff\xd8\xff\xe0", true),
            (Media::WebP, webp, true),
            (Media::WebP, b"RIFF\x10\0\0\0WAVE", false),
            (Media::Xlsx, b"PK\x03\x04\x14\0", true),
            (Media::Xlsx, b"name,amount", false),
            (Media::Csv, b"name,amount", true),
            (Media::Csv, b"", true),
            (Media::Csv, b"PK\x03\x04", false),
            (Media::Text, b"%PDF-1.7", false),
            (Media::Text, b"\x7fELF\x02", false),
            (Media::Text, b"\xff\xfeH\0i\0", true),
            (Media::Pdf, b"", false),
        ] {
            assert_eq!(media.fits(head), fits, "{media:?} {head:?}");
        }
    }

    #[test]
    fn no_purpose_takes_what_a_browser_would_run() {
        for purpose in [Purpose::Attachment, Purpose::Import, Purpose::BankStatement] {
            assert!(purpose.takes(Media::Csv));
            assert!(!purpose.types().is_empty());
        }
        assert!(!Purpose::Attachment.takes(Media::Xml));
        assert!(!Purpose::BankStatement.takes(Media::Pdf));
    }
}
