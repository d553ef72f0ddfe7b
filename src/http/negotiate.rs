//! Which media type an answer has.

/// The two forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: a well-formed request answers 200 whatever became of it.
    Json,
    /// `application/graphql-response+json`: request errors have their HTTP status.
    GraphqlResponse,
}

impl Media {
    /// The header's value.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// Chooses by the `Accept` header; `None` when neither form is acceptable.
///
/// The most specific range that fits a form decides its quality (RFC 9110, 12.5.1). Without the header,
/// and where both are equally welcome only through a wildcard, old clients are meant: they get
/// `application/json`. Where both are named as equally welcome, the first one named is taken.
pub fn negotiate(accept: Option<&str>) -> Option<Media> {
    let Some(accept) = accept.filter(|text| !text.trim().is_empty()) else {
        return Some(Media::Json);
    };
    let ranges: Vec<Range> =
        accept.split(',').enumerate().filter_map(|(place, text)| Range::of(place, text)).collect();
    let json = Welcome::of(Media::Json, &ranges);
    let response = Welcome::of(Media::GraphqlResponse, &ranges);
    let is_first = response.named.is_some_and(|at| json.named.is_none_or(|other| at < other));
    match (json.quality, response.quality) {
        (0, 0) => None,
        (json, response) if response > json || (response == json && is_first) => {
            Some(Media::GraphqlResponse)
        }
        _ => Some(Media::Json),
    }
}

/// One range of the header that can mean one of the forms.
struct Range {
    /// The form that it names; none for a wildcard.
    media: Option<Media>,
    /// How closely it says what is meant.
    exactness: u8,
    quality: u32,
    place: usize,
}

impl Range {
    fn of(place: usize, text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (media, mut exactness) = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => (Some(Media::GraphqlResponse), 2),
            "application/json" => (Some(Media::Json), 2),
            "application/*" => (None, 1),
            "*/*" => (None, 0),
            _ => return None,
        };
        let mut quality = 1_000;
        for (key, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let (key, value) = (key.trim(), value.trim());
            if key.eq_ignore_ascii_case("q") {
                quality = thousandths(value);
            } else if key.eq_ignore_ascii_case("charset") {
                let charset = value.trim_matches('"');
                if !["utf-8", "utf8"].iter().any(|known| charset.eq_ignore_ascii_case(known)) {
                    return None;
                }
                exactness = 3;
            }
        }
        Some(Self { media, exactness, quality, place })
    }
}

/// How welcome a form is.
struct Welcome {
    quality: u32,
    /// Where it is named, if it is.
    named: Option<usize>,
}

impl Welcome {
    fn of(media: Media, ranges: &[Range]) -> Self {
        let fits = |range: &&Range| range.media.is_none_or(|named| named == media);
        let best = ranges.iter().filter(fits).max_by_key(|range| (range.exactness, range.quality));
        let named = best.filter(|range| range.media.is_some());
        Self {
            quality: best.map_or(0, |range| range.quality),
            named: named.map(|range| range.place),
        }
    }
}

/// A quality between 0 and 1 in thousandths; anything malformed counts as 0.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let padded = format!("{fraction:0<3}");
    match (whole, digits, padded.parse::<u32>()) {
        ("1", true, Ok(0)) => 1_000,
        ("0", true, Ok(part)) => part,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_form_that_the_client_prefers() {
        let (json, response) = (Some(Media::Json), Some(Media::GraphqlResponse));
        for (accept, expected) in [
            (None, json),
            (Some(""), json),
            (Some("*/*"), json),
            (Some("application/*"), json),
            (Some("application/json"), json),
            (Some("application/graphql-response+json"), response),
            (Some("application/graphql-response+json, application/json;q=0.9"), response),
            (Some("application/json, application/graphql-response+json;q=0.9"), json),
            (Some("application/graphql-response+json; charset=utf-8, */*;q=0.1"), response),
            (Some("application/graphql-response+json;charset=latin1"), None),
            (Some("text/html"), None),
            (Some("text/html, */*;q=0.5"), json),
            (Some("application/json;q=0"), None),
            (Some("application/json;q=2"), None),
            (Some("application/json;q=0, */*"), response),
            (Some("*/*, application/json;q=0"), response),
            (Some("application/graphql-response+json;q=0, */*"), json),
            (Some("application/*;q=0, */*"), None),
            (Some("*/*;q=0, application/graphql-response+json"), response),
            (Some("application/json;q=0.1, application/*;q=0.5"), response),
            (Some("application/json;q=0.5, */*;q=0.5"), json),
            (Some("application/graphql-response+json;q=0.5, */*;q=0.5"), response),
            (Some("application/graphql-response+json, application/json"), response),
            (Some("application/json, application/graphql-response+json"), json),
            (Some("application/json;q=0, application/json;charset=utf-8"), json),
            (
                Some("text/html, application/graphql-response+json, application/json;q=0.9"),
                response,
            ),
            (Some("APPLICATION/JSON ; Q=1.000"), json),
            (Some(", ,"), None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept:?}");
        }
    }
}
