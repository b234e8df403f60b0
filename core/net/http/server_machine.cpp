#include "core/net/http/server_machine.h"

#include <fmt/format.h>

#include <utility>

#include "core/net/http/target.h"

namespace sluis::net::http {

std::string to_http_date(WallTime time) {
  std::string date = to_rfc5322_date(time);
  return date.replace(date.size() - 5, 5, "GMT");  // "+0000"
}

ServerMachine::ServerMachine(const Clock& clock, ServerMachineSettings settings)
    : clock_(clock), settings_(settings), reader_(MessageKind::request, settings_.limits) {}
ServerMachine::~ServerMachine() = default;

void ServerMachine::receive(std::string_view bytes) {
  if (!closing_) reader_.receive(bytes);
}

ServerMachine::Event ServerMachine::next() {
  while (!closing_) {
    // The next request waits for the end of this response.
    if (request_ended_) return Event::none;
    switch (reader_.next()) {
      case MessageReader::Step::incomplete: return Event::none;
      case MessageReader::Step::head: return on_head();
      case MessageReader::Step::body:
        if (!response_done_) return Event::body;
        break;  // answered already: what is left of the body is read past
      case MessageReader::Step::end:
        request_ended_ = true;
        if (!response_done_) return Event::end;
        finish_exchange();
        break;
      case MessageReader::Step::refused: return on_refused(reader_.refusal());
    }
  }
  return Event::none;
}

ServerMachine::Event ServerMachine::on_head() {
  phase_ = Phase::exchange;
  ++requests_;
  request_ = {};
  request_.method = reader_.method();
  request_.target = reader_.target();
  request_.minor_version = reader_.minor_version();
  request_.headers = std::move(reader_.headers());
  request_.content_length = reader_.content_length();
  request_.chunked = reader_.chunked();
  if (requests_ >= settings_.most_requests) last_ = true;
  if (std::optional<Refusal> wrong = check_head()) return on_refused(std::move(*wrong));
  return Event::request;
}

std::optional<Refusal> ServerMachine::check_head() {
  Result<Target> target = Target::parse(request_.method, request_.target);
  if (!target) {
    // RFC 9110 §9.3.6: CONNECT is a method that we know and do not have.
    return Refusal{request_.method == "CONNECT" ? 501 : 400, target.error().code, target.error().what};
  }
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  // RFC 9112 §3.2: one Host, well-formed, in every HTTP/1.1 request; an absolute-form target's authority goes before
  // it.
  const std::size_t hosts = request_.headers.count("Host");
  const std::string_view host = request_.headers.get("Host");
  if (hosts > 1) return Refusal{400, "http.host", "more than one Host"};
  if (hosts == 0 && request_.minor_version > 0) return Refusal{400, "http.host", "no Host"};
  if (hosts == 1 && !is_authority(host)) return Refusal{400, "http.host", "not a host and port in Host"};
  request_.authority = target->authority.empty() ? std::string(host) : target->authority;
  if (request_.minor_version > 0 && request_.headers.has("Expect")) {
    if (!same_name(request_.headers.get("Expect"), "100-continue") || request_.headers.count("Expect") > 1)
      return Refusal{417, "http.expect", "an expectation other than 100-continue"};
    request_.expects_continue = request_.has_body();
  }
  return std::nullopt;
}

void ServerMachine::send_continue() {
  // A client whose body is already here does not wait for it any more (RFC 9110 §10.1.1).
  if (!request_.expects_continue || continue_sent_ || response_begun_ || reader_.body_read() > 0) return;
  continue_sent_ = true;
  output_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

bool ServerMachine::persistent() const {
  if (last_ || request_.headers.lists("Connection", "close")) return false;
  if (request_.minor_version == 0 && !request_.headers.lists("Connection", "keep-alive")) return false;
  return request_ended_ || may_discard_rest();
}

bool ServerMachine::may_discard_rest() const {
  if (!request_.has_body()) return true;
  // Whoever waited for 100 and got a final answer sends a body or does not: nobody can tell which (RFC 9110 §10.1.1).
  if (request_.expects_continue && !continue_sent_ && reader_.body_read() == 0) return false;
  return request_.content_length && *request_.content_length - reader_.body_read() <= settings_.most_discarded;
}

Status ServerMachine::respond(const ResponseHead& head, std::optional<std::uint64_t> length) {
  if (phase_ == Phase::idle || response_begun_) return Error{"http.order", "no request waits for a response"};
  if (head.status < 200 || head.status > 599 || !is_field_value(head.reason))
    return Error{"http.fields", fmt::format("{} is no status of a final response", head.status)};
  std::string fields;
  if (Status written = append_fields(head.headers, fields); !written) return written;

  BodyWriter framing = BodyWriter::none();
  if (!bodiless(head.status)) {
    framing = length                        ? BodyWriter::length(*length)
              : request_.minor_version == 0 ? BodyWriter::until_close()
                                            : BodyWriter::chunked();
  }
  if (framing.framing() == BodyWriter::Framing::until_close && request_.method != "HEAD") last_ = true;
  if (!persistent()) last_ = true;

  output_ += fmt::format("HTTP/1.1 {} {}\r\n", head.status,
                         head.reason.empty() ? reason_phrase(head.status) : std::string_view(head.reason));
  if (!head.headers.has("Date")) output_ += fmt::format("Date: {}\r\n", to_http_date(clock_.wall()));
  output_ += fields;
  framing.append_framing(output_);
  if (last_) {
    output_ += "Connection: close\r\n";
  } else if (request_.minor_version == 0) {
    output_ += "Connection: keep-alive\r\n";
  }
  output_ += "\r\n";
  writer_ = request_.method == "HEAD" || bodiless(head.status) ? BodyWriter::suppressed() : framing;
  response_begun_ = true;
  return {};
}

Status ServerMachine::write_body(std::string_view bytes) {
  if (!response_begun_ || response_done_) return Error{"http.order", "no response is under way"};
  return writer_.write(bytes, output_);
}

Status ServerMachine::end_body() {
  if (!response_begun_ || response_done_) return Error{"http.order", "no response is under way"};
  if (Status ended = writer_.end(output_); !ended) return ended;
  finish_response();
  return {};
}

void ServerMachine::finish_response() {
  response_done_ = true;
  if (last_) {
    closing_ = true;
  } else if (request_ended_) {
    finish_exchange();
  }
}

void ServerMachine::finish_exchange() {
  phase_ = Phase::idle;
  request_ended_ = response_begun_ = response_done_ = continue_sent_ = false;
  reader_.next_message();
}

bool ServerMachine::refuse(Refusal refusal) {
  refusal_ = std::move(refusal);
  last_ = true;
  if (response_begun_) {
    closing_ = true;
    return false;
  }
  if (phase_ == Phase::idle) {
    // The head could not be read: nothing in it counts.
    phase_ = Phase::exchange;
    request_ = {};
  }
  const Response answer = problem(refusal_.status, refusal_.what, refusal_.code);
  ResponseHead head{answer.status, {}, answer.headers};
  if (refusal_.status == 415) head.headers.add("Accept-Encoding", "gzip");  // RFC 9110 §15.5.16
  // These cannot fail: the fields are ours.
  const bool said = respond(head, answer.body.size()).ok() && write_body(answer.body).ok() && end_body().ok();
  closing_ = true;
  return said;
}

ServerMachine::Event ServerMachine::on_refused(Refusal refusal) {
  refuse(std::move(refusal));
  return Event::refused;
}

}  // namespace sluis::net::http
