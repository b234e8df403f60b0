#include "adapters/http/submission.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "adapters/http/views.h"
#include "core/message/attributes.h"
#include "core/net/http/target.h"
#include "protocols/mime/media_type.h"

namespace sluis::http {

namespace {

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t longest_value = 1024;  // of an attribute
constexpr std::size_t longest_key = 255;
constexpr std::size_t most_attributes = 20;
constexpr std::string_view attribute_mark = "attribute.";
constexpr Duration come_again = 30s;

std::string seconds_text(Duration d) {
  return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(d).count()));
}

bool is_attribute_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

// The field is a Structured Field string in the draft (draft-ietf-httpapi-idempotency-key-header §2.1); most clients
// write it without the quotes, which say nothing.
std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

std::variant<SubmissionHead, net::http::Response> read_submission_head(const net::http::Request& request,
                                                                       const std::string& customer,
                                                                       const SubmissionRules& rules) {
  const auto bad = [](std::string_view detail, std::string_view code) { return net::http::problem(400, detail, code); };
  SubmissionHead out;
  const auto parameters = net::http::parse_query(request.query);
  if (!parameters) return bad(parameters.error().what, "request.query");
  std::size_t attributes = 0;
  for (const auto& [name, value] : *parameters) {
    if (value.size() > longest_value || has_control(value))
      return bad(fmt::format("the parameter {} is too long or holds control characters", name), "request.query");
    if (name == "flow")
      out.attributes.set(attribute::flow, value);
    else if (name == "reference")
      out.attributes.set(attribute::reference, value);
    else if (name == "recipient")
      out.attributes.set("http.recipient", value);
    else if (name == "file") {
      out.part.file_name = value;
      out.attributes.set("file.name", value);
    } else if (name.starts_with(attribute_mark) &&
               is_attribute_name(std::string_view(name).substr(attribute_mark.size()))) {
      if (++attributes > most_attributes) return bad("more than twenty attributes", "request.query");
      out.attributes.set("http." + name.substr(attribute_mark.size()), value);
    } else {
      return bad(fmt::format("there is no parameter {}", name), "request.query");
    }
  }
  if (!rules.default_flow.empty()) out.attributes.set_if_absent(attribute::flow, rules.default_flow);
  if (const std::string_view type = request.headers.get("Content-Type"); !type.empty()) {
    if (type.size() > longest_value) return bad("the Content-Type is too long", "request.content-type");
    out.part.media_type = type;
    if (const auto form = mime::parse_media_type(type); form && form->is("multipart/form-data")) {
      const std::string* boundary = form->parameters.find("boundary");
      // RFC 2046 §5.1.1
      if (boundary == nullptr || boundary->empty() || boundary->size() > 70 || form->parameters.ambiguous)
        return bad("multipart/form-data without a boundary that can be used", "multipart.boundary");
      out.boundary = *boundary;
    }
  }
  if (request.headers.count("Idempotency-Key") > 1) return bad("more than one Idempotency-Key", "idempotency.key");
  const std::string_view key = unquoted(request.headers.get("Idempotency-Key"));
  if (key.empty()) {
    if (rules.require_key)
      return bad(
          "an Idempotency-Key is needed: with the same one the message can be sent again when no answer came, and is "
          "still one message",
          "idempotency.key");
  } else {
    if (key.size() > longest_key || has_control(key))
      return bad("the Idempotency-Key is longer than 255 octets or holds control characters", "idempotency.key");
    out.key = DedupeKey{fmt::format("{}/{}", customer, key)};
  }
  if (!request.has_body()) return bad("the message is empty", "message.empty");
  return out;
}

net::http::Response submission_response(const IntakeResult& result, std::string_view path) {
  if (const auto* accepted = std::get_if<Accepted>(&result)) {
    if (accepted->duplicate && !accepted->same_bytes)
      return net::http::problem(
          422, fmt::format("this Idempotency-Key was used for other content: message {}", accepted->id.text()),
          "idempotency.reused");
    const std::string href = fmt::format("{}/messages/{}", path, accepted->id.text());
    net::http::Response out =
        json_response(accepted->duplicate ? 200 : 201,
                      Json{{"message", accepted->id.text()}, {"href", href}, {"duplicate", accepted->duplicate}});
    out.headers.add("Location", href);
    return out;
  }
  const auto& refusal = std::get<Refusal>(result);
  int status = refusal.temporary ? 503 : 422;
  if (refusal.error.code == "intake.duplicate")
    status = 409;
  else if (refusal.error.code == "intake.quota")
    status = 429;
  else if (refusal.error.code == "intake.invalid")
    status = 400;
  net::http::Response out = net::http::problem(status, refusal.error.what, refusal.error.code);
  if (status == 503 || status == 429)
    out.headers.add("Retry-After", seconds_text(refusal.retry_after.value_or(come_again)));
  return out;
}

Submission::~Submission() {
  // Its file is unlinked: not on the loop. A stopped pool has no loop to spare.
  if (parts_ == nullptr) return;
  const std::shared_ptr<BodyParts> parts(std::move(parts_));  // shared: a task is copied
  static_cast<void>(pool_->post([parts] {}));
}

void Submission::post(Task task) {
  if (!pool_->post(std::move(task))) refuse(Error{"http.busy", "too much waits to be written, or the channel stops"});
}

void Submission::refuse(const Error& error) {
  refused_ = true;
  if (error.code.starts_with("multipart.") || error.code == "message.empty")
    return reply_->give(net::http::problem(400, error.what, error.code));
  // What the store could not do is not the client's fault, and may pass.
  reply_->give(submission_response(Refusal{error, true}, path_));
}

void Submission::on_body(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() < piece_size) return;
  // Nothing comes while it is paused, so the piece's work is the only one that touches the writer.
  reply_->responder().pause();
  post([self = shared_from_this(), piece = std::exchange(buffer_, {})] {
    self->store(piece);
    self->reply_->responder().resume();
  });
}

void Submission::store(std::string piece) {
  if (refused_ || gone_) return;
  if (parts_ == nullptr) parts_ = std::make_unique<BodyParts>(context_.content(), head_.part, head_.boundary);
  if (Status written = parts_->write(piece); !written) refuse(written.error());
}

void Submission::on_end() {
  post([self = shared_from_this()] { self->finish(); });
}

void Submission::finish() {
  store(std::exchange(buffer_, {}));
  if (refused_ || gone_) return;
  auto parts = parts_->finish();
  if (!parts) return refuse(parts.error());
  Arrival arrival;
  arrival.parts = std::move(*parts);
  arrival.attributes = std::move(head_.attributes);
  if (const std::string& name = arrival.parts.front().file_name; !name.empty())
    arrival.attributes.set_if_absent("file.name", name);
  arrival.from = AccountRef{context_.channel(), customer_, true};
  arrival.key = std::move(head_.key);
  context_.intake().accept(std::move(arrival), [reply = reply_, path = path_](const IntakeResult& result) {
    reply->give(submission_response(result, path));
  });
}

void Submission::on_aborted(const Error&) {
  gone_ = true;
}

}  // namespace sluis::http
