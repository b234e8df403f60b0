// Delivery status notifications: multipart/report with message/delivery-status (RFC 6522, RFC 3464; digipoort.md
// §3.2.9).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/mime/builder.h"
#include "protocols/mime/message.h"

namespace sluis::mime {

enum class Action { failed, delayed, delivered, relayed, expanded };
SLUIS_PROTOCOLS_API std::string_view to_string(Action a);

// One per-recipient group (RFC 3464 §2.3). Addresses, MTA names and diagnostics are without their "rfc822;", "dns;",
// "smtp;" types; fields that are not there are empty. Text is the peer's own.
struct RecipientReport {
  std::string final_recipient;
  std::string original_recipient;  // ORCPT as it was given
  Action action = Action::failed;
  std::string status;  // "5.1.1" (RFC 3463)
  std::string diagnostic_code;
  std::string remote_mta;
};

struct DeliveryReport {
  std::string reporting_mta;
  std::string original_envelope_id;  // ENVID as it was given
  std::string original_message_id;   // out of the returned header, without < and >
  std::vector<RecipientReport> recipients;
};

// Whether the entity says it is a delivery report: multipart/report; report-type=delivery-status.
SLUIS_PROTOCOLS_API bool is_delivery_report(const EntityInfo& info);

// [Errors] "mime.dsn": not a report, or one without a recipient whose Final-Recipient, Action and Status can be read.
// The caller keeps such a mail as unmatched; nothing is settled by a report that is half understood.
SLUIS_PROTOCOLS_API Result<DeliveryReport> parse_delivery_report(const Entity& root);

struct DeliveryReportMail {
  MailSpec mail;  // from, to, date, message_id, subject, boundary; its parts, form and cover text are not used
  std::string explanation;       // for people, UTF-8
  std::string original_headers;  // of the mail it is about, as text/rfc822-headers; CRLF lines; none when empty
};

// The mail to send, with the null reverse path. `original_message_id` of the report is not written: it is in the
// returned header. [Errors] those of MailWriter; "mime.injection", "mime.spec".
SLUIS_PROTOCOLS_API Result<std::string> build_delivery_report(const DeliveryReportMail& form,
                                                              const DeliveryReport& report);

}  // namespace sluis::mime
