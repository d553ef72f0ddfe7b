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
/// Without the header, and where both are equally welcome only through a wildcard, old clients are
/// meant: they get `application/json`.
pub fn negotiate(accept: Option<&str>) -> Option<Media> {
    let Some(accept) = accept.filter(|text| !text.trim().is_empty()) else {
        return Some(Media::Json);
    };
    let mut best: Option<(u32, u8, Media)> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut quality = 1_000;
        let mut fits = true;
        for parameter in parts {
            match parameter.split_once('=') {
                Some((key, value)) if key.trim().eq_ignore_ascii_case("q") => {
                    quality = thousandths(value.trim());
                }
                Some((key, value)) if key.trim().eq_ignore_ascii_case("charset") => {
                    let charset = value.trim().trim_matches('"');
                    fits = charset.eq_ignore_ascii_case("utf-8")
                        || charset.eq_ignore_ascii_case("utf8");
                }
                _ => {}
            }
        }
        let (media, exactness) = match name.as_str() {
            "application/graphql-response+json" => (Media::GraphqlResponse, 2),
            "application/json" => (Media::Json, 2),
            "application/*" => (Media::Json, 1),
            "*/*" => (Media::Json, 0),
            _ => continue,
        };
        if fits
            && quality > 0
            && best.is_none_or(|(most, exact, _)| (quality, exactness) > (most, exact))
        {
            best = Some((quality, exactness, media));
        }
    }
    best.map(|(_, _, media)| media)
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
        ] {
            assert_eq!(negotiate(accept), expected, "{accept:?}");
        }
    }
}
