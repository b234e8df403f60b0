#include "protocols/mime/dsn.h"

#include <algorithm>
#include <array>

#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

constexpr std::array<std::string_view, 5> action_names{"failed", "delayed", "delivered", "relayed", "expanded"};
constexpr std::size_t recipient_limit = 1000;

Error bad(std::string_view what) {
  return Error{"mime.dsn", std::string(what) + " (RFC 3464)"};
}

// "type; value" without the type (RFC 3464 §2.1.2).
std::string typed(const Headers& group, std::string_view name) {
  const std::string* field = group.find(name);
  if (field == nullptr) return "";
  const auto semicolon = field->find(';');
  return std::string(
      trim(semicolon == std::string::npos ? std::string_view{*field} : std::string_view{*field}.substr(semicolon + 1)));
}

// A field whose grammar ends where a comment begins: "failed (unknown user)".
std::string word(const Headers& group, std::string_view name) {
  const std::string* field = group.find(name);
  if (field == nullptr) return "";
  Scanner in(*field);
  if (!in.skip_cfws()) return "";
  return std::string(in.run([](char c) { return !is_fws(c) && c != '('; }));
}

// Groups of fields, cut at empty lines.
std::vector<std::string> groups(std::string_view body) {
  std::vector<std::string> out;
  bool open = false;
  while (!body.empty()) {
    const auto lf = body.find('\n');
    const std::string_view line = body.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    body.remove_prefix(line.size());
    if (trim(line).empty()) {
      open = false;
      continue;
    }
    if (!open) out.emplace_back();
    open = true;
    out.back() += line;
  }
  return out;
}

// The reading of the mail has already judged its lines; here a malformed line costs only itself.
Strictness inside_report() {
  return {Tolerances{Tolerance::bare_line_ends, Tolerance::nul, Tolerance::long_lines, Tolerance::eight_bit_headers,
                     Tolerance::malformed_headers, Tolerance::duplicate_headers},
          {}};
}

bool is_status(std::string_view text) {
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '.')
      ++dots;
    else if (!is_digit(c))
      return false;
  }
  return dots == 2 && text.size() >= 5 && text.size() <= 9 && text[1] == '.' && text.back() != '.' &&
         (text[0] == '2' || text[0] == '4' || text[0] == '5');
}

Result<RecipientReport> read_recipient(const Headers& group) {
  RecipientReport out;
  out.final_recipient = typed(group, "Final-Recipient");
  if (out.final_recipient.empty()) return bad("a recipient without Final-Recipient");
  const std::string action = lower(word(group, "Action"));
  const auto* known = std::find(action_names.begin(), action_names.end(), action);
  if (known == action_names.end()) return bad("an Action that is not known");
  out.action = static_cast<Action>(known - action_names.begin());
  out.status = word(group, "Status");
  if (!is_status(out.status)) return bad("no Status");
  out.original_recipient = typed(group, "Original-Recipient");
  out.diagnostic_code = typed(group, "Diagnostic-Code");
  out.remote_mta = typed(group, "Remote-MTA");
  return out;
}

Status read_status(std::string_view body, DeliveryReport& report) {
  bool first = true;
  for (const std::string& text : groups(body)) {
    Strictness strictness = inside_report();
    auto group = parse_headers(text, strictness);
    if (!group) return group.error();
    if (first) {
      report.reporting_mta = typed(*group, "Reporting-MTA");
      if (const std::string* id = group->find("Original-Envelope-Id")) report.original_envelope_id = *id;
      first = false;
      continue;
    }
    if (report.recipients.size() == recipient_limit) return bad("too many recipients");
    auto recipient = read_recipient(*group);
    if (!recipient) return recipient.error();
    report.recipients.push_back(std::move(*recipient));
  }
  return {};
}

Result<std::string> status_field(std::string_view name, std::string_view type, std::string_view value) {
  if (value.empty()) return std::string();
  if (std::any_of(value.begin(), value.end(), [](char c) { return is_control(c) || is_eight_bit(c); }))
    return Error{"mime.injection", std::string(name) + " is not printable ASCII"};
  return write_field(name, type.empty() ? std::string(value) : std::string(type) + "; " + std::string(value));
}

// Lines for the third part: whole, CRLF, and none that could be taken for a boundary.
Status check_original(std::string_view headers, std::string_view boundary) {
  Strictness strict{Tolerances{Tolerance::eight_bit_headers}, {}};
  auto read = parse_headers(headers, strict);
  if (!read) return read.error().in("the returned header");
  if (!headers.ends_with("\r\n")) return Error{"mime.spec", "the returned header does not end with a line end"};
  if (headers.starts_with("--") || headers.find("\r\n--") != std::string_view::npos)
    return Error{"mime.spec", "the returned header has a line that looks like a boundary: " + std::string(boundary)};
  return {};
}

}  // namespace

std::string_view to_string(Action a) {
  return action_names[static_cast<std::size_t>(a)];
}

bool is_delivery_report(const EntityInfo& info) {
  const std::string* kind = info.type.parameters.find("report-type");
  return info.type.is("multipart/report") && kind != nullptr && equals_ignoring_case(*kind, "delivery-status");
}

Result<DeliveryReport> parse_delivery_report(const Entity& root) {
  if (!is_delivery_report(root.info)) return bad("not multipart/report with report-type=delivery-status");
  DeliveryReport report;
  bool seen = false;
  for (const Entity& part : root.children) {
    const MediaType& type = part.info.type;
    if (type.is("message/delivery-status") || type.is("message/global-delivery-status")) {
      if (seen) return bad("two message/delivery-status parts");
      seen = true;
      if (Status s = read_status(part.body, report); !s) return s.error();
    } else if (type.is("text/rfc822-headers") || type.is("message/rfc822")) {
      Strictness strictness = inside_report();
      auto headers = parse_headers(part.body, strictness);
      const std::string* id = headers ? headers->find("Message-ID") : nullptr;
      const auto ids = id == nullptr ? std::vector<std::string>{} : parse_message_ids(*id);
      // Two Message-IDs name nobody.
      if (ids.size() == 1 && headers->count("Message-ID") == 1) report.original_message_id = ids[0];
    }
  }
  if (!seen) return bad("no message/delivery-status part");
  if (report.recipients.empty()) return bad("no recipient");
  return report;
}

Result<std::string> build_delivery_report(const DeliveryReportMail& form, const DeliveryReport& report) {
  const std::string& b = form.mail.boundary;
  if (!is_safe_boundary(b)) return Error{"mime.spec", "the boundary is not 1 to 70 of A-Z a-z 0-9 - _ . ="};
  if (report.recipients.empty() || report.reporting_mta.empty())
    return Error{"mime.spec", "a delivery report needs a Reporting-MTA and a recipient (RFC 3464 §2.1)"};
  MailSpec mail = form.mail;
  mail.extra.emplace_back("Auto-Submitted", "auto-replied");  // RFC 3834 §5: nobody answers a report
  auto header = write_message_header(mail);
  if (!header) return header.error();
  auto text = write_text_part(form.explanation);
  if (!text) return text.error();

  Error failed;
  std::string status;
  const auto field = [&](std::string_view name, std::string_view type, std::string_view value) {
    auto line = status_field(name, type, value);
    if (line)
      status += *line;
    else if (failed.code.empty())
      failed = line.error();
  };
  field("Reporting-MTA", "dns", report.reporting_mta);
  field("Original-Envelope-Id", "", report.original_envelope_id);
  for (const RecipientReport& r : report.recipients) {
    if (r.final_recipient.empty() || !is_status(r.status))
      return Error{"mime.spec", "a recipient needs Final-Recipient and Status (RFC 3464 §2.3)"};
    status += "\r\n";
    field("Original-Recipient", "rfc822", r.original_recipient);
    field("Final-Recipient", "rfc822", r.final_recipient);
    field("Action", "", to_string(r.action));
    field("Status", "", r.status);
    field("Remote-MTA", "dns", r.remote_mta);
    field("Diagnostic-Code", "smtp", r.diagnostic_code);
  }
  if (!failed.code.empty()) return failed;

  const std::string delimiter = "\r\n--" + b + "\r\n";
  std::string out =
      *header + "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"" + b + "\"\r\n";
  out += delimiter + *text;
  out += delimiter + "Content-Type: message/delivery-status\r\n\r\n" + status;
  if (!form.original_headers.empty()) {
    if (Status s = check_original(form.original_headers, b); !s) return s.error();
    const bool eight_bit = std::any_of(form.original_headers.begin(), form.original_headers.end(), is_eight_bit);
    out += delimiter + "Content-Type: text/rfc822-headers\r\n";
    if (eight_bit) out += "Content-Transfer-Encoding: 8bit\r\n";
    out += "\r\n" + form.original_headers;
  }
  return out + "\r\n--" + b + "--\r\n";
}

}  // namespace sluis::mime
