#include "core/net/http/client_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluis::net::http {
namespace {

constexpr std::size_t most_interim = 16;

bool is_target(std::string_view text) {
  return (text.starts_with('/') || text == "*") &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

}  // namespace

ClientMachine::ClientMachine(const MessageLimits& limits) : reader_(MessageKind::response, limits) {}
ClientMachine::~ClientMachine() = default;

Status ClientMachine::request(std::string_view method, std::string_view target, std::string_view authority,
                              const Headers& headers, std::optional<std::uint64_t> length) {
  if (!reusable()) return Error{"http.order", "the connection is not free for a request"};
  if (!is_token(method) || !is_target(target) || !is_field_value(authority) || authority.empty())
    return Error{"http.fields", "a request line that cannot be written as one line"};
  std::string fields;
  if (Status written = append_fields(headers, fields); !written) return written;
  // RFC 9110 §8.6: a method that expects content says so even when there is none.
  const bool says_none = method == "POST" || method == "PUT" || method == "PATCH";
  writer_ = !length                    ? BodyWriter::chunked()
            : *length > 0 || says_none ? BodyWriter::length(*length)
                                       : BodyWriter::none();
  output_ += fmt::format("{} {} HTTP/1.1\r\n", method, target);
  if (!headers.has("Host")) output_ += fmt::format("Host: {}\r\n", authority);
  output_ += fields;
  writer_.append_framing(output_);
  output_ += "\r\n";
  head_request_ = method == "HEAD";
  exchange_ = true;
  request_done_ = heard_ = response_begun_ = false;
  interim_ = 0;
  reader_.next_message();
  if (head_request_) reader_.expect_no_body();
  return {};
}

Status ClientMachine::write_body(std::string_view bytes) {
  if (!exchange_ || request_done_) return Error{"http.order", "no request is under way"};
  return writer_.write(bytes, output_);
}

Status ClientMachine::end_body() {
  if (!exchange_ || request_done_) return Error{"http.order", "no request is under way"};
  if (Status ended = writer_.end(output_); !ended) return ended;
  request_done_ = true;
  return {};
}

void ClientMachine::receive(std::string_view bytes) {
  if (bytes.empty()) return;
  heard_ = heard_ || exchange_;
  reader_.receive(bytes);
}

void ClientMachine::end_of_stream(bool authentic) {
  last_ = true;
  cut_ = !authentic;
  reader_.end_of_stream();
}

ClientMachine::Event ClientMachine::next() {
  if (failed_) return Event::none;
  if (!exchange_) {
    // An answer to nothing would be taken for the answer to the next request (RFC 9112 §9.2).
    if (reader_.unread() == 0) return Event::none;
    return refused({502, "http.unsolicited", "octets that answer no request"});
  }
  for (;;) {
    switch (reader_.next()) {
      case MessageReader::Step::incomplete: return Event::none;
      case MessageReader::Step::head: {
        if (reader_.status() / 100 != 1) return on_head();
        if (reader_.status() == 101) return refused({502, "http.upgrade", "the server changes to another protocol"});
        if (++interim_ > most_interim) return refused({502, "http.interim", "interim responses without end"});
        if (reader_.next() == MessageReader::Step::refused) return refused(reader_.refusal());
        reader_.next_message();
        if (head_request_) reader_.expect_no_body();
        break;
      }
      case MessageReader::Step::body: return Event::body;
      case MessageReader::Step::end:
        if (cut_ && reader_.until_close())
          return refused(
              {502, "http.truncated", "the stream was cut off before its proper end, and so may be the body"});
        exchange_ = false;
        // An answer before the end of the request: the server will not read the rest as one (RFC 9112 §9.3).
        if (!request_done_) last_ = true;
        reader_.next_message();
        return Event::end;
      case MessageReader::Step::refused: return refused(reader_.refusal());
    }
  }
}

ClientMachine::Event ClientMachine::on_head() {
  response_ = {reader_.status(), reader_.reason(), std::move(reader_.headers())};
  content_length_ = reader_.content_length();
  response_begun_ = true;
  // RFC 9112 §9.3.
  if (response_.headers.lists("Connection", "close") || reader_.until_close() ||
      (reader_.minor_version() == 0 && !response_.headers.lists("Connection", "keep-alive")))
    last_ = true;
  return Event::response;
}

ClientMachine::Event ClientMachine::refused(Refusal refusal) {
  failed_ = true;
  refusal_ = std::move(refusal);
  return Event::refused;
}

}  // namespace sluis::net::http
