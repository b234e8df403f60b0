#include "protocols/edifact/syntax.h"

#include <algorithm>
#include <array>

namespace sluis::edifact {

namespace {

constexpr char level_b_element = '\x1d';
constexpr Separators level_b{'\x1f', level_b_element, '.', ' ', '\x1c'};
constexpr std::size_t una_octets = 9;
constexpr std::size_t tag_octets = 3;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_alphanumeric(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_tag_octet(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::size_t skip_space(std::string_view octets, std::size_t position) {
  while (position < octets.size() && is_space(octets[position])) ++position;
  return position;
}

// Two separators that are one, or that occur in tags, would let one text be read in two ways.
bool can_be_told_apart(const Separators& s) {
  const std::array<char, 4> all{s.component, s.element, s.terminator, s.release};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool no_release = i == 3 && all[i] == ' ';
    if (is_alphanumeric(all[i]) || (is_space(all[i]) && !no_release) || all[i] == '\0') return false;
    for (std::size_t j = 0; j < i; ++j)
      if (all[i] == all[j]) return false;
  }
  return true;
}

}  // namespace

Error error_at(std::string_view code, std::string_view what, std::size_t position) {
  return Error{code, std::string(what) + ", at octet " + std::to_string(position)};
}

bool looks_like_edifact(std::string_view octets) {
  octets.remove_prefix(skip_space(octets, 0));
  if (octets.starts_with("UNA")) return octets.size() > una_octets && find_start(octets).ok();
  return octets.starts_with("UNB+UN") || octets.starts_with("UNB\x1dUN");
}

Result<Start> find_start(std::string_view octets) {
  Start start;
  start.position = skip_space(octets, 0);
  const std::string_view rest = octets.substr(start.position);
  if (rest.size() <= tag_octets &&
      (std::string_view("UNA").starts_with(rest) || std::string_view("UNB").starts_with(rest)))
    return error_at("edifact.truncated", "the interchange ends before its header", octets.size());
  if (rest.starts_with("UNB")) {
    if (rest[tag_octets] == level_b_element) {
      start.separators = level_b;
    } else if (rest[tag_octets] != start.separators.element) {
      return error_at("edifact.start", "neither + nor 0x1D behind UNB, and no UNA before it",
                      start.position + tag_octets);
    }
    return start;
  }
  if (!rest.starts_with("UNA")) return error_at("edifact.start", "neither UNA nor UNB", start.position);
  if (rest.size() < una_octets) return error_at("edifact.truncated", "the interchange ends inside UNA", octets.size());
  start.una = true;
  start.separators = Separators{rest[3], rest[4], rest[5], rest[6], rest[8]};  // rest[7] is reserved, or repetition
  if (!can_be_told_apart(start.separators))
    return error_at("edifact.una", "UNA names separators that cannot be told apart", start.position);
  const std::size_t una = start.position;
  start.position = skip_space(octets, una + una_octets);
  const std::string_view unb = octets.substr(start.position);
  if (unb.size() <= tag_octets) return error_at("edifact.truncated", "the interchange ends before UNB", octets.size());
  if (!unb.starts_with("UNB") || unb[tag_octets] != start.separators.element)
    return error_at("edifact.start", "no UNB behind UNA", start.position);
  return start;
}

std::string_view Segment::tag() const {
  return raw.substr(0, tag_octets);
}

std::string Segment::value(std::size_t element, std::size_t component) const {
  std::string out;
  std::size_t at_element = 0;
  std::size_t at_component = 0;
  for (std::size_t i = 0; i < raw.size() && at_element <= element; ++i) {
    char c = raw[i];
    const bool released = c == separators.release && c != ' ' && i + 1 < raw.size();
    if (released) {
      c = raw[++i];
    } else if (c == separators.element) {
      ++at_element;
      at_component = 0;
      continue;
    } else if (c == separators.component) {
      ++at_component;
      continue;
    }
    if (at_element == element && at_component == component) out += c;
  }
  return out;
}

Result<std::optional<Segment>> SegmentReader::next() {
  position_ = skip_space(octets_, position_);
  if (position_ == octets_.size()) return std::optional<Segment>{};
  const std::size_t begin = position_;
  if (++count_ > limits_.segments)
    return error_at("edifact.limit.segments", "more than " + std::to_string(limits_.segments) + " segments", begin);
  const std::size_t stop = std::min(octets_.size(), begin + limits_.segment_octets);
  std::size_t at = begin;
  while (at < stop && octets_[at] != separators_.terminator) {
    // A released character is never a terminator; one that is released beyond the end leaves the segment open.
    at += octets_[at] == separators_.release && separators_.release != ' ' ? 2 : 1;
  }
  if (at >= stop && stop < octets_.size())
    return error_at("edifact.limit.segment",
                    "a segment longer than " + std::to_string(limits_.segment_octets) + " octets", begin);
  if (at >= stop) return error_at("edifact.truncated", "the interchange ends inside the segment that starts", begin);
  const Segment segment{octets_.substr(begin, at - begin), begin, separators_};
  const bool tagged = segment.raw.size() >= tag_octets &&
                      std::all_of(segment.raw.begin(), segment.raw.begin() + tag_octets, is_tag_octet) &&
                      (segment.raw.size() == tag_octets || segment.raw[tag_octets] == separators_.element ||
                       segment.raw[tag_octets] == separators_.component);
  if (!tagged) return error_at("edifact.tag", "no segment tag", begin);
  position_ = at + 1;
  return std::optional{segment};
}

}  // namespace sluis::edifact
