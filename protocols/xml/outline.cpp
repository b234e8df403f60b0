#include "protocols/xml/outline.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "protocols/xml/library.h"

namespace sluis::xml {

namespace {

std::string text_of(const xmlChar* s) {
  return s == nullptr ? "" : reinterpret_cast<const char*>(s);
}

// libxml2 gives "&" of an attribute as "&#38;" unless it is told to replace entities, which it never is; nothing else
// in such a value has an "&" in it.
std::string attribute_text(std::string_view text) {
  constexpr std::string_view written = "&#38;";
  std::string out;
  for (auto at = text.find(written); at != std::string_view::npos; at = text.find(written)) {
    out += text.substr(0, at);
    out += '&';
    text.remove_prefix(at + written.size());
  }
  out += text;
  return out;
}

std::string trimmed(const std::string& text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto from = text.find_first_not_of(blanks);
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

// Follows the events of one document. Lives on the stack of read_outline(), which owns the parser too.
class Reading {
 public:
  Reading(Outline& outline, const OutlineLimits& limits) : outline_(outline), limits_(limits) {}

  void parser(xmlParserCtxt* context) { context_ = context; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] bool has_root() const { return has_root_; }
  [[nodiscard]] const Error& error() const { return error_; }

  void refuse(std::string_view code, std::string_view what) {
    if (error_.code.empty()) error_ = Error{code, what};
    stop();
  }

  void start(const xmlChar* local, const xmlChar* uri, int namespaces, int attributes, const xmlChar** values) {
    if (stopped_) return;
    ++depth_;
    if (depth_ > limits_.depth) return refuse("xml.limit", "elements are nested deeper than the limit");
    std::string name = text_of(local);
    std::string space = text_of(uri);
    if (name.size() > limits_.name || space.size() > limits_.name)
      return refuse("xml.limit", "a name is longer than the limit");
    if (static_cast<std::size_t>(namespaces) > limits_.namespaces)
      return refuse("xml.limit", "an element declares more namespaces than the limit");
    if (static_cast<std::size_t>(attributes) > limits_.attributes)
      return refuse("xml.limit", "an element has more attributes than the limit");
    if (depth_ == 1) {
      if (!keep_attributes(attributes, values)) return;
      outline_.root.local_name = std::move(name);
      outline_.root.namespace_uri = std::move(space);
      has_root_ = true;
      return;
    }
    if (depth_ > 2 && depth_ <= 4) levels_[depth_ - 3].leaf = false;
    if (depth_ <= 3) levels_[depth_ - 2] = Level{std::move(name), "", true, false, false};
    if (depth_ == 2) inner_.clear();
  }

  void text(const xmlChar* characters, int length) {
    if (stopped_ || depth_ < 2 || depth_ > 3) return;
    Level& level = levels_[depth_ - 2];
    const std::string_view piece{reinterpret_cast<const char*>(characters), static_cast<std::size_t>(length)};
    level.has_text = level.has_text || piece.find_first_not_of(" \t\r\n") != std::string_view::npos;
    // Blanks in front are not kept, so that a field behind much white space is still found.
    if (!level.has_text || level.cut) return;
    std::size_t room = limits_.text - std::min(limits_.text, level.text.size());
    if (piece.size() > room) {
      level.cut = level.cut || piece.find_first_not_of(" \t\r\n", room) != std::string_view::npos;
      while (room > 0 && (static_cast<unsigned char>(piece[room]) & 0xC0) == 0x80) --room;
    }
    level.text += piece.substr(0, room);
  }

  void end() {
    if (stopped_) return;
    if (depth_ == 3 && levels_[1].leaf && limits_.field_depth >= 2) {
      inner_.push_back({levels_[0].name + "/" + levels_[1].name, trimmed(levels_[1].text), levels_[1].cut});
    } else if (depth_ == 2) {
      if (levels_[0].leaf) inner_.push_back({levels_[0].name, trimmed(levels_[0].text), levels_[0].cut});
      // Text between elements makes it a document's body, not a header.
      if (levels_[0].leaf || !levels_[0].has_text) take_inner();
      inner_.clear();
    }
    if (depth_ == 1) outline_.complete = true;
    --depth_;
    if (outline_.fields.size() + inner_.size() >= limits_.fields) stop();
  }

  // The prefix may end inside a header; what it has shown so far counts.
  void close() {
    if (depth_ >= 2 && !levels_[0].has_text) take_inner();
  }

 private:
  struct Level {
    std::string name;
    std::string text;
    bool leaf = true;
    bool has_text = false;
    bool cut = false;
  };

  bool keep_attributes(int count, const xmlChar** values) {
    for (int i = 0; i < count; ++i) {
      // localname, prefix, URI, value, end of the value
      const xmlChar** a = values + static_cast<std::ptrdiff_t>(i) * 5;
      const auto size = static_cast<std::size_t>(a[4] - a[3]);
      Attribute attribute{text_of(a[2]), text_of(a[0]), attribute_text({reinterpret_cast<const char*>(a[3]), size})};
      if (size > limits_.attribute || attribute.local_name.size() > limits_.name ||
          attribute.namespace_uri.size() > limits_.name) {
        refuse("xml.limit", "an attribute is longer than the limit");
        return false;
      }
      outline_.root.attributes.push_back(std::move(attribute));
    }
    return true;
  }

  void take_inner() {
    for (Field& field : inner_)
      if (outline_.fields.size() < limits_.fields) outline_.fields.push_back(std::move(field));
    inner_.clear();
  }

  void stop() {
    stopped_ = true;
    xmlStopParser(context_);
  }

  Outline& outline_;
  const OutlineLimits& limits_;
  xmlParserCtxt* context_ = nullptr;
  std::size_t depth_ = 0;
  Level levels_[2];           // the open child of the root, and its open child
  std::vector<Field> inner_;  // of the open child of the root
  bool has_root_ = false;
  bool stopped_ = false;
  Error error_;
};

Reading& reading(void* context) {
  return *static_cast<Reading*>(context);
}

// Every slot that is not named stays empty: no entity is looked up, no external subset, no tree.
xmlSAXHandler handlers() {
  xmlSAXHandler sax{};
  sax.initialized = XML_SAX2_MAGIC;
  sax.internalSubset = [](void* c, const xmlChar*, const xmlChar*, const xmlChar*) {
    reading(c).refuse("xml.doctype", "the document has a DOCTYPE");
  };
  sax.startElementNs = [](void* c, const xmlChar* local, const xmlChar*, const xmlChar* uri, int namespaces,
                          const xmlChar**, int attributes, int,
                          const xmlChar** values) { reading(c).start(local, uri, namespaces, attributes, values); };
  sax.endElementNs = [](void* c, const xmlChar*, const xmlChar*, const xmlChar*) { reading(c).end(); };
  sax.characters = [](void* c, const xmlChar* text, int length) { reading(c).text(text, length); };
  sax.ignorableWhitespace = sax.characters;
  sax.cdataBlock = sax.characters;
  sax.serror = [](void*, xmlErrorPtr) {};
  return sax;
}

struct FreeParser {
  void operator()(xmlParserCtxt* context) const {
    if (context->myDoc != nullptr) xmlFreeDoc(context->myDoc);
    xmlFreeParserCtxt(context);
  }
};

Error syntax(xmlParserCtxt* context) {
  const xmlError* last = xmlCtxtGetLastError(context);
  std::string what = "not well-formed";
  if (last != nullptr) {
    what += " at line " + std::to_string(last->line);
    if (last->message != nullptr) what += ": " + trimmed(last->message);
  }
  return Error{"xml.syntax", what};
}

}  // namespace

const std::string* Outline::field(std::string_view path) const {
  for (const Field& f : fields)
    if (f.path == path && !f.cut) return &f.value;
  return nullptr;
}

Result<Outline> read_outline(std::string_view document, OutlineLimits limits) {
  use_library();
  document = document.substr(0, limits.octets);
  auto declaration = read_declaration(document);
  if (!declaration) return declaration.error();
  if (Status checked = check_octets(document, *declaration); !checked) return checked.error();
  Outline out;
  out.declaration = std::move(*declaration);

  Reading reading(out, limits);
  xmlSAXHandler sax = handlers();
  const std::unique_ptr<xmlParserCtxt, FreeParser> context(
      xmlCreatePushParserCtxt(&sax, &reading, nullptr, 0, nullptr));
  if (!context) return Error{"xml.memory", "no memory for a parser"};
  reading.parser(context.get());
  xmlCtxtUseOptions(context.get(), XML_PARSE_NONET);

  // Small chunks: between two of them the length of what the parser is still waiting for is checked, so that one start
  // tag with very many attributes is refused before libxml2 compares each with each.
  constexpr std::size_t chunk = 2048;
  while (!document.empty() && !reading.stopped()) {
    const std::string_view piece = document.substr(0, chunk);
    document.remove_prefix(piece.size());
    xmlParseChunk(context.get(), piece.data(), static_cast<int>(piece.size()), 0);
    if (reading.stopped()) break;
    if (context->wellFormed == 0 || context->nsWellFormed == 0) return syntax(context.get());
    const auto waiting = static_cast<std::size_t>(context->input->end - context->input->cur);
    if (waiting > limits.construct)
      return Error{"xml.limit", "one tag, comment or instruction is longer than the limit"};
  }
  if (!reading.error().code.empty()) return reading.error();
  if (!reading.has_root()) return Error{"xml.incomplete", "the document ends before its first element"};
  reading.close();
  return out;
}

}  // namespace sluis::xml
