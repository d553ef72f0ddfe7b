//! What files are called: names that no disk and no browser takes for something else.

/// Most characters of a part of a name.
const PART_MAX: usize = 60;

/// A text as a part of a file's name.
pub fn part(text: &str) -> String {
    let kept = text.chars().map(|one| if "/\\:*?\"<>|".contains(one) { '-' } else { one });
    kept.filter(|one| !one.is_control()).take(PART_MAX).collect()
}
