//! Elements of Tally's XML: read one record at a time, forgiving what its exports get wrong.
//!
//! Real exports hold `&#4;`, which XML 1.0 forbids, bare ampersands, and names of other encodings. None
//! of that stops the reading; a tag that does not fit does, with its line.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::interchange::{
    finding::{Findings, Reason},
    limits::Limits,
    references::resolve,
};

/// The sign before Tally's reserved words, such as "Not Applicable".
const RESERVED: char = '\u{4}';

/// An element with all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Line on which it begins.
    pub line: u64,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name that hold anything: exports are full of empty lists.
    pub fn filled<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name && !child.children.is_empty())
    }

    /// All children of this name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Its text; none where it is empty or a reserved word.
    pub fn text(&self) -> Option<&str> {
        let text = self.text.trim();
        (!text.is_empty() && !text.contains(RESERVED)).then_some(text)
    }

    /// The text of the first child of this name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).and_then(Self::text)
    }

    /// Whether the first child of this name says yes; none where it says neither.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.text_of(name)?.to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" => Some(true),
            "no" | "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// The value of an attribute; none where it is empty.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(key, _)| key == name)?;
        let value = value.trim();
        (!value.is_empty() && !value.contains(RESERVED)).then_some(value)
    }
}

/// Whether to read on.
pub enum Flow {
    /// To the next record.
    On,
    /// No further.
    Stop,
}

/// Hands each element of a wanted name to `take`, in the order of the file. What else stands directly
/// below `TALLYMESSAGE` is handed to `other` by name.
pub fn records(
    text: &str,
    wanted: &[&str],
    limits: &Limits,
    findings: &mut Findings,
    mut take: impl FnMut(Element, &mut Findings) -> Flow,
    mut other: impl FnMut(&str),
) {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    let mut lines = Lines::new(text);
    let mut outside: Vec<String> = Vec::new();
    let mut record: Option<Record> = None;
    loop {
        let at = reader.buffer_position();
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let line = lines.at(reader.error_position());
                findings.error(line, Reason::NotReadable, format!("this is not XML: {error}"));
                return;
            }
        };
        match event {
            Event::Start(start) => {
                let depth = outside.len() + record.as_ref().map_or(0, |record| record.open.len());
                if depth >= limits.nesting_max {
                    let message =
                        format!("more than {} elements in one another", limits.nesting_max);
                    findings.error(lines.at(at), Reason::TooLarge, message);
                    return;
                }
                let name = start.name().as_ref().to_owned();
                if let Some(record) = &mut record {
                    record.begin(name, lines.at(at), &start);
                } else if wanted.contains(&name.as_str()) {
                    let mut begun = Record::default();
                    begun.begin(name, lines.at(at), &start);
                    record = Some(begun);
                } else {
                    if outside.last().is_some_and(|above| above == "TALLYMESSAGE") {
                        other(&name);
                    }
                    outside.push(name);
                }
                if let Some(open) = &record
                    && open.elements > limits.elements_max
                {
                    let message = format!("a record has over {} elements", limits.elements_max);
                    findings.error(lines.at(at), Reason::TooLarge, message);
                    return;
                }
            }
            Event::End(_) => match &mut record {
                Some(open) => {
                    if let Some(done) = open.end() {
                        record = None;
                        if matches!(take(done, findings), Flow::Stop) {
                            return;
                        }
                    }
                }
                None => {
                    outside.pop();
                }
            },
            Event::Text(part) => {
                if let Some(record) = &mut record {
                    record.text(&part.xml10_content());
                }
            }
            Event::CData(part) => {
                if let Some(record) = &mut record {
                    record.text(&part.xml10_content());
                }
            }
            Event::GeneralRef(part) => {
                if let Some(record) = &mut record {
                    record.text(&resolve(&format!("&{};", part.into_inner())));
                }
            }
            Event::Eof => {
                if record.is_some() || !outside.is_empty() {
                    let message = "the file ends in the middle of an element";
                    findings.error(lines.at(at), Reason::NotReadable, message);
                }
                return;
            }
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// The elements that are open inside a record, the record itself first.
#[derive(Default)]
struct Record {
    open: Vec<Element>,
    elements: usize,
}

/// Attributes of one element that are looked at.
const ATTRIBUTES_MAX: usize = 50;

impl Record {
    fn begin(&mut self, name: String, line: u64, start: &BytesStart<'_>) {
        let attributes = start
            .attributes()
            .with_checks(false)
            .take(ATTRIBUTES_MAX)
            .flatten()
            .map(|one| (one.key.as_ref().to_owned(), resolve(&one.value)))
            .collect();
        self.elements += 1;
        let (text, children) = (String::new(), Vec::new());
        self.open.push(Element { name, line, attributes, text, children });
    }

    fn text(&mut self, part: &str) {
        if let Some(here) = self.open.last_mut() {
            here.text.push_str(part);
        }
    }

    /// Closes the innermost element; the record itself when that was it.
    fn end(&mut self) -> Option<Element> {
        let done = self.open.pop()?;
        match self.open.last_mut() {
            Some(above) => {
                above.children.push(done);
                None
            }
            None => Some(done),
        }
    }
}

/// Lines of positions that only grow.
struct Lines<'t> {
    text: &'t str,
    counted: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, counted: 0, line: 1 }
    }

    fn at(&mut self, position: u64) -> u64 {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        if let Some(between) = self.text.as_bytes().get(self.counted..position) {
            let breaks = between.iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(u64::try_from(breaks).unwrap_or_default());
            self.counted = position;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Element>, Findings) {
        let mut findings = Findings::new(10);
        let mut found = Vec::new();
        records(
            text,
            &["LEDGER"],
            &Limits::default(),
            &mut findings,
            |element, _| {
                found.push(element);
                Flow::On
            },
            |_| {},
        );
        (found, findings)
    }

    #[test]
    fn references_that_xml_forbids_and_bare_ampersands_are_read() {
        let text = "<A>\n<LEDGER NAME=\"A &amp; B &#4;x\"><X>&#4; Not Applicable</X>\n<Y>C & D &lt;</Y><Z>&unknown;</Z></LEDGER></A>";
        let (found, findings) = read(text);
        assert!(findings.is_empty(), "{findings:?}");
        let [ledger] = found.as_slice() else { unreachable!("{found:?}") };
        assert_eq!(ledger.line, 2);
        assert_eq!(ledger.child("Y").map(|y| y.line), Some(3));
        assert_eq!(ledger.text_of("X"), None);
        assert_eq!(ledger.text_of("Y"), Some("C & D <"));
        assert_eq!(ledger.text_of("Z"), Some("&unknown;"));
        assert_eq!(ledger.attribute("NAME"), None);
    }

    #[test]
    fn a_broken_end_is_told_with_its_line_and_what_was_whole_is_kept() {
        let (found, findings) = read("<A>\n<LEDGER></LEDGER>\n<LEDGER><X></Y></LEDGER></A>");
        assert_eq!(found.len(), 1);
        assert_eq!(findings.iter().next().and_then(|finding| finding.line), Some(3));
        let (found, findings) = read("<A>\n<LEDGER>");
        assert!(found.is_empty());
        assert_eq!(findings.errors(), 1);
    }

    #[test]
    fn nesting_ends() {
        let deep = "<X>".repeat(1_000);
        let (_, findings) = read(&deep);
        assert_eq!(findings.iter().next().map(|finding| finding.reason), Some(Reason::TooLarge));
    }
}
