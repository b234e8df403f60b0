#include "core/net/http/message_reader.h"

#include <fmt/format.h>

#include <boost/beast/http/basic_parser.hpp>
#include <cassert>
#include <limits>
#include <utility>

namespace sluis::net::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
// Beast 1.74 compares "no limit" wrongly with a length, so it gets the largest number; the limit itself is ours,
// because a mount sets it after the head.
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t no_header_limit = std::numeric_limits<std::uint32_t>::max();

}  // namespace

// The parser behind one interface for both kinds of message.
class BodyParser {
 public:
  explicit BodyParser(MessageReader& reader) : reader_(reader) {}
  virtual ~BodyParser() = default;
  virtual std::size_t put(std::string_view bytes, error_code& error) = 0;
  virtual void put_end(error_code& error) = 0;
  [[nodiscard]] virtual bool done() const = 0;
  [[nodiscard]] virtual bool head_done() const = 0;
  [[nodiscard]] virtual bool needs_end() const = 0;
  virtual void skip_body() = 0;

 protected:
  // What the parser finds, into the reader.
  void start_request(std::string_view method, std::string_view target, int version) {
    reader_.method_ = method;
    reader_.target_ = target;
    reader_.minor_version_ = static_cast<unsigned>(version % 10);
  }
  void start_response(int status, std::string_view reason, int version) {
    reader_.status_ = status;
    reader_.reason_ = reason;
    reader_.minor_version_ = static_cast<unsigned>(version % 10);
  }
  void field(std::string_view name, std::string_view value) {
    // Trailers are read past and ignored (RFC 9110 §6.5.1): nobody here knows a field that may come late.
    if (!reader_.trailers_) reader_.headers_.add(name, value);
  }
  void piece(std::string_view bytes) { reader_.body_ = bytes; }
  void chunk(std::uint64_t size) {
    reader_.chunk_left_ = size;
    reader_.between_chunks_ = true;
  }

 private:
  MessageReader& reader_;
};

namespace {

template <bool is_request>
class BeastParser final : public BodyParser, private beast::http::basic_parser<is_request> {
  using Parser = beast::http::basic_parser<is_request>;

 public:
  explicit BeastParser(MessageReader& reader) : BodyParser(reader) {
    this->body_limit(no_limit);
    this->header_limit(no_header_limit);
  }
  std::size_t put(std::string_view bytes, error_code& error) override {
    return Parser::put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  void put_end(error_code& error) override { Parser::put_eof(error); }
  [[nodiscard]] bool done() const override { return Parser::is_done(); }
  [[nodiscard]] bool head_done() const override { return Parser::is_header_done(); }
  [[nodiscard]] bool needs_end() const override { return Parser::need_eof(); }
  void skip_body() override { Parser::skip(true); }

 private:
  static std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       error_code&) override {
    start_request(view(method), view(target), version);
  }
  void on_response_impl(int status, beast::string_view reason, int version, error_code&) override {
    start_response(status, view(reason), version);
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, error_code&) override {
    field(view(name), view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, error_code&) override {
    piece(view(bytes));
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code&) override { chunk(size); }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code&) override {
    piece(view(bytes));
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

std::unique_ptr<BodyParser> make_parser(MessageKind kind, MessageReader& reader) {
  if (kind == MessageKind::request) return std::make_unique<BeastParser<true>>(reader);
  return std::make_unique<BeastParser<false>>(reader);
}

}  // namespace

MessageReader::MessageReader(MessageKind kind, const MessageLimits& limits)
    : kind_(kind), limits_(limits), section_(kind, limits_) {}
MessageReader::~MessageReader() = default;

void MessageReader::receive(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_.append(bytes);
}

bool MessageReader::begun() const {
  return state_ != State::start || unread() > 0;
}

bool MessageReader::until_close() const {
  return parser_ != nullptr && parser_->needs_end();
}

void MessageReader::next_message() {
  assert(state_ == State::done || state_ == State::start);
  state_ = State::start;
  expect_no_body_ = false;
  forgave_empty_line_ = false;
  section_ = FieldSection(kind_, limits_);
  trailers_.reset();
  parser_.reset();
  method_.clear();
  target_.clear();
  reason_.clear();
  headers_ = {};
  content_length_.reset();
  chunked_ = false;
  chunk_left_ = 0;
  between_chunks_ = false;
  body_read_ = 0;
  body_ = {};
  if (taken_ < buffer_.size() || buffer_.capacity() <= 4096) return;
  // An idle connection keeps no buffer: there are thousands of them.
  std::string().swap(buffer_);
  taken_ = 0;
}

MessageReader::Step MessageReader::refuse(Refusal refusal) {
  state_ = State::refused;
  refusal_ = std::move(refusal);
  return Step::refused;
}

MessageReader::Step MessageReader::next() {
  body_ = {};
  switch (state_) {
    case State::start: return read_head();
    case State::body: return read_body();
    case State::done: return Step::incomplete;
    case State::refused: break;
  }
  return Step::refused;
}

MessageReader::Step MessageReader::read_head() {
  // RFC 9112 §2.2: an empty line before a request line, as old clients send behind a POST; one, not a stream of them.
  if (kind_ == MessageKind::request && !forgave_empty_line_ && !section_.begun() && rest().starts_with("\r\n")) {
    taken_ += 2;
    forgave_empty_line_ = true;
  }
  if (kind_ == MessageKind::request && !forgave_empty_line_ && rest() == "\r" && !ended_) return Step::incomplete;
  switch (section_.look(rest())) {
    case FieldSection::State::incomplete:
      if (ended_ && unread() > 0) return refuse({400, "http.truncated", "the stream ended within a message's head"});
      return Step::incomplete;
    case FieldSection::State::refused: return refuse(section_.refusal());
    case FieldSection::State::complete: break;
  }
  parser_ = make_parser(kind_, *this);
  if (expect_no_body_) parser_->skip_body();
  error_code error;
  const std::string_view head = rest().substr(0, section_.size());
  const std::size_t consumed = parser_->put(head, error);
  // The gate has let it pass: what Beast still refuses is refused under its own name (a Connection field that is no
  // list).
  if (error || consumed != head.size() || !parser_->head_done() || headers_.size() != section_.fields())
    return refuse({kind_ == MessageKind::request ? 400 : 502, "http.head",
                   fmt::format("a head that cannot be read: {}", error ? error.message() : "ambiguous")});
  taken_ += consumed;
  content_length_ = section_.content_length();
  chunked_ = section_.chunked();
  body_limit_ = limits_.body;
  state_ = State::body;
  return Step::head;
}

MessageReader::Step MessageReader::read_body() {
  if (parser_->done()) {
    state_ = State::done;
    return Step::end;
  }
  if (!chunked_ && content_length_.value_or(0) > body_limit_)
    return refuse({413, "http.body-size",
                   fmt::format("a body of {} octets, above the limit of {}", *content_length_, body_limit_)});
  if (chunked_ && chunk_left_ == 0) return read_chunk_line();
  if (unread() == 0) {
    if (!ended_) return Step::incomplete;
    if (!parser_->needs_end())
      return refuse(
          {400, "http.truncated", fmt::format("the stream ended within a body, after {} octets", body_read_)});
    error_code error;
    parser_->put_end(error);
    state_ = State::done;
    return Step::end;
  }
  error_code error;
  const std::size_t consumed = parser_->put(rest(), error);
  if (error) return refuse({400, "http.body", error.message()});
  if (chunked_) chunk_left_ -= body_.size();
  return give(consumed);
}

MessageReader::Step MessageReader::read_chunk_line() {
  const std::size_t ending = between_chunks_ ? 2 : 0;
  const std::string_view bytes = rest();
  if (ending > 0 && !bytes.empty() && !bytes.starts_with(bytes.size() == 1 ? "\r" : "\r\n"))
    return refuse({400, "http.chunk-size", "octets behind a chunk's data"});
  ChunkLine line;
  if (bytes.size() > ending) line = ChunkLine::look(bytes.substr(ending), limits_);
  if (line.state == FieldSection::State::refused) return refuse(line.refusal);
  std::size_t size = ending + line.size;
  bool complete = line.state == FieldSection::State::complete;
  if (complete && line.last) {
    if (!trailers_) trailers_ = FieldSection::trailers(limits_);
    const FieldSection::State state = trailers_->look(bytes.substr(size));
    if (state == FieldSection::State::refused) return refuse(trailers_->refusal());
    complete = state == FieldSection::State::complete;
    size += trailers_->size();
  }
  if (!complete) {
    if (ended_)
      return refuse(
          {400, "http.truncated", fmt::format("the stream ended within a body, after {} octets", body_read_)});
    return Step::incomplete;
  }
  error_code error;
  const std::size_t consumed = parser_->put(bytes.substr(0, size), error);
  if (error || consumed != size || (line.last && !parser_->done()))
    return refuse({400, "http.chunk-size",
                   fmt::format("a chunk that cannot be read: {}", error ? error.message() : "ambiguous")});
  taken_ += consumed;
  if (chunk_left_ > body_limit_ - body_read_)
    return refuse({413, "http.body-size", fmt::format("a body above the limit of {} octets", body_limit_)});
  return read_body();
}

MessageReader::Step MessageReader::give(std::size_t consumed) {
  taken_ += consumed;
  body_read_ += body_.size();
  if (body_read_ > body_limit_) {
    body_ = {};
    return refuse({413, "http.body-size", fmt::format("a body above the limit of {} octets", body_limit_)});
  }
  return Step::body;
}

}  // namespace sluis::net::http
