#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <numeric>
#include <streambuf>
#include <utility>

namespace sluis::config {

namespace {

// yaml-cpp reads streams only; this one reads the text where it lies.
class TextStream final : public std::streambuf {
 public:
  explicit TextStream(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // the get area of a streambuf is not const, but only read
    setg(begin, begin, begin + text.size());
  }
};

// Ends the parse of a file that is not worth reading on.
struct GiveUp {
  int line, column;
  std::string what;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Document& document, std::vector<LocatedError>& errors) : document_(document), errors_(errors) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw GiveUp{mark.line + 1, mark.column + 1, "a second document; one file holds one"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) {
      fault(mark, "a key is missing");
      begin_member(mark, {});
      return;
    }
    check(mark, {}, anchor);
    place(mark, Node::Kind::null);
    close();
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fault(mark, "aliases (*name) are not used here; write the value itself");
    if (expects_key()) return begin_member(mark, {});
    place(mark, Node::Kind::null);
    close();
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    if (expects_key()) {
      if (value == "<<") fault(mark, "merge keys (<<) are not used here; write the values themselves");
      begin_member(mark, value);
      return;
    }
    Node& node = place(mark, Node::Kind::scalar);
    node.text = value;
    node.quoted = tag == "!";
    close();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::mapping);
  }
  void OnMapEnd() override {
    find_duplicate_keys(*open_.back().node);
    close();
  }

  [[nodiscard]] bool sound() const { return sound_; }

 private:
  struct Frame {
    Node* node;
    bool inside_member;  // of a mapping: its key was read, its value not yet
  };

  [[nodiscard]] bool expects_key() const {
    return !open_.empty() && open_.back().node->is_mapping() && !open_.back().inside_member;
  }
  void fault(const YAML::Mark& mark, std::string what) { fault(mark.line + 1, mark.column + 1, std::move(what)); }
  void fault(int line, int column, std::string what) {
    errors_.push_back({{document_.file, line, column}, std::move(what)});
    sound_ = false;
  }
  void check(const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor) {
    if (anchor != 0) fault(mark, "anchors (&name) are not used here; write the value where it is needed");
    if (!tag.empty() && tag != "?" && tag != "!") fault(mark, "tags (!name) are not used here");
  }
  void begin_member(const YAML::Mark& mark, const std::string& key) {
    Node& member = open_.back().node->children.emplace_back();
    member.key = key;
    member.key_line = mark.line + 1;
    member.key_column = mark.column + 1;
    open_.back().inside_member = true;
  }
  // The node that the next value belongs to. Pointers to open nodes stay good: only the innermost one's children grow.
  Node& place(const YAML::Mark& mark, Node::Kind kind) {
    Node* node = &document_.root;
    if (!open_.empty()) {
      Node& parent = *open_.back().node;
      node = parent.is_mapping() ? &parent.children.back() : &parent.children.emplace_back();
    }
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    open_.push_back({node, false});
    return *node;
  }
  void open(const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor, Node::Kind kind) {
    if (expects_key()) throw GiveUp{mark.line + 1, mark.column + 1, "a key must be text, not a list or mapping"};
    if (open_.size() >= static_cast<std::size_t>(deepest_nesting))
      throw GiveUp{mark.line + 1, mark.column + 1, fmt::format("nested deeper than {} levels", deepest_nesting)};
    check(mark, tag, anchor);
    place(mark, kind);
  }
  void close() {
    open_.pop_back();
    if (!open_.empty()) open_.back().inside_member = false;
  }
  void find_duplicate_keys(const Node& mapping) {
    const auto& members = mapping.children;
    constexpr std::size_t few = 12;  // comparing each with each beats sorting up to here
    if (members.size() <= few) {
      for (std::size_t later = 1; later < members.size(); ++later)
        for (std::size_t earlier = 0; earlier < later; ++earlier)
          if (members[earlier].key == members[later].key) {
            report_duplicate(members[earlier], members[later]);
            break;
          }
      return;
    }
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return members[a].key < members[b].key; });
    for (std::size_t i = 1; i < order.size(); ++i)
      if (members[order[i - 1]].key == members[order[i]].key)
        report_duplicate(members[order[i - 1]], members[order[i]]);
  }
  void report_duplicate(const Node& first, const Node& again) {
    fault(again.key_line, again.key_column,
          fmt::format("\"{}\" is given twice, first in line {}", again.key, first.key_line));
  }

  Document& document_;
  std::vector<LocatedError>& errors_;
  std::vector<Frame> open_;
  int documents_ = 0;
  bool sound_ = true;
};

// The length of the UTF-8 sequence at the front (RFC 3629 §4), or 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (octet(i) & 0xC0U) == 0x80U; };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && octet(1) < 0xA0) || (first == 0xED && octet(1) > 0x9F)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && octet(1) < 0x90) || (first == 0xF4 && octet(1) > 0x8F)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// What yaml-cpp would guess at or mend silently: other encodings, stray octets, tabs that look like indentation.
void check_characters(std::string_view text) {
  int line = 1;
  int column = 1;
  bool indentation = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '\n') {
      ++line;
      column = 1;
      indentation = true;
      ++at;
      continue;
    }
    if (c == '\t' && indentation) throw GiveUp{line, column, "a tab cannot indent; use spaces"};
    if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F)
      throw GiveUp{line, column, "control characters are not allowed"};
    if (c != ' ') indentation = false;
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) throw GiveUp{line, column, "this is not UTF-8"};
    at += length;
    ++column;
  }
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (const Node& member : children)
    if (member.key == name) return &member;
  return nullptr;
}

Document parse_document(std::string file, std::string_view text, std::vector<LocatedError>& errors) {
  Document document{std::move(file), {}, false};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto fail = [&](int line, int column, std::string what) {
    errors.push_back({{document.file, std::max(line, 1), std::max(column, 1)}, std::move(what)});
  };
  TreeBuilder builder(document, errors);
  // yaml-cpp reports by exceptions, and the builder leaves through it by one; none gets further than this.
  try {
    check_characters(text);
    TextStream buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {}
    document.understood = builder.sound();
  } catch (const GiveUp& end) {
    fail(end.line, end.column, end.what);
  } catch (const YAML::Exception& error) {
    fail(error.mark.line + 1, error.mark.column + 1, fmt::format("this is not YAML: {}", error.msg));
  } catch (const std::exception&) {
    fail(1, 1, "this is not YAML");
  }
  return document;
}

}  // namespace sluis::config
