// digipoort.md §3.2.9; RFC 3464, RFC 6522.
#include "protocols/mime/dsn.h"

#include <gtest/gtest.h>

#include "tests/protocols/mime/mail_reading.h"

namespace sluis::mime {
namespace {

std::string report(std::string_view status, std::string_view third = "") {
  return test::mail(
      "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
      "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
      std::string(status) + std::string(third) + "--b--\r\n");
}

Result<DeliveryReport> parse(std::string_view text) {
  auto message = parse_message(text);
  if (!message) return message.error();
  return parse_delivery_report(message->root);
}

// In the form that Postfix writes (RFC 3464 appendix E shows the same).
TEST(DeliveryReport, ReadsAFailure) {
  const auto dsn = parse(
      report("Reporting-MTA: dns; relay.example\r\nOriginal-Envelope-Id: gw-17\r\nX-Postfix-Queue-ID: "
             "4ABC\r\nArrival-Date: x\r\n\r\n"
             "Final-Recipient: rfc822; uitvoer@douane.example\r\nOriginal-Recipient: rfc822;uitvoer@douane.example\r\n"
             "Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.douane.example\r\nDiagnostic-Code: smtp; 550 "
             "5.1.1 unknown\r\n"
             "    user; really\r\n\r\n",
             "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: a@x.test\r\nMessage-ID: <01J@gw.example>\r\n\r\n"));
  ASSERT_TRUE(dsn) << dsn.error().what;
  EXPECT_EQ(dsn->reporting_mta, "relay.example");
  EXPECT_EQ(dsn->original_envelope_id, "gw-17");
  EXPECT_EQ(dsn->original_message_id, "01J@gw.example");
  ASSERT_EQ(dsn->recipients.size(), 1u);
  const RecipientReport& r = dsn->recipients[0];
  EXPECT_EQ(r.final_recipient, "uitvoer@douane.example");
  EXPECT_EQ(r.original_recipient, "uitvoer@douane.example");
  EXPECT_EQ(r.action, Action::failed);
  EXPECT_EQ(r.status, "5.1.1");
  EXPECT_EQ(r.remote_mta, "mx.douane.example");
  EXPECT_EQ(r.diagnostic_code, "550 5.1.1 unknown    user; really");
}

// §3.2.9: "`delayed` is not a failure; `relayed`/`delivered` are extra proof only": each stays what it is
TEST(DeliveryReport, TellsTheActionsApart) {
  std::string status = "Reporting-MTA: dns; r\r\n";
  for (const std::string_view action : {"failed", "Delayed (will retry)", "delivered", "relayed", "expanded"})
    status +=
        "\r\n\r\nFinal-Recipient: rfc822; a@x.test\r\nAction: " + std::string(action) + "\r\nStatus: 4.0.0 (later)\r\n";
  const auto dsn = parse(report(status));
  ASSERT_TRUE(dsn) << dsn.error().what;
  ASSERT_EQ(dsn->recipients.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(dsn->recipients[i].action, static_cast<Action>(i));
}

TEST(DeliveryReport, FindsTheMessageIdInAReturnedMail) {
  const auto dsn = parse(
      report("Reporting-MTA: dns; r\r\n\r\nFinal-Recipient: rfc822; a@x.test\r\nAction: failed\r\nStatus: 5.0.0\r\n",
             "--b\r\nContent-Type: message/rfc822\r\n\r\nmessage-id: <9@gw>\r\n\r\nMessage-ID: <body@gw>\r\n"));
  ASSERT_TRUE(dsn);
  EXPECT_EQ(dsn->original_message_id, "9@gw");
}

TEST(DeliveryReport, TakesNoMessageIdWhenThereAreTwo) {
  const auto dsn = parse(
      report("Reporting-MTA: dns; r\r\n\r\nFinal-Recipient: rfc822; a@x.test\r\nAction: failed\r\nStatus: 5.0.0\r\n",
             "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@gw>\r\nMessage-ID: <2@gw>\r\n"));
  ASSERT_TRUE(dsn);
  EXPECT_EQ(dsn->original_message_id, "");
}

// §3.2.9: "unknown form => … unmatched"
TEST(DeliveryReport, RefusesWhatItOnlyHalfUnderstands) {
  for (const std::string_view status :
       {"Reporting-MTA: dns; r\r\n", "", "Reporting-MTA: dns; r\r\n\r\nAction: failed\r\nStatus: 5.0.0\r\n",
        "Reporting-MTA: dns; r\r\n\r\nFinal-Recipient: rfc822; a\r\nAction: lost\r\nStatus: 5.0.0\r\n",
        "Reporting-MTA: dns; r\r\n\r\nFinal-Recipient: rfc822; a\r\nAction: failed\r\nStatus: 550\r\n"})
    EXPECT_EQ(parse(report(status)).error().code, "mime.dsn") << status;
  EXPECT_EQ(parse(test::mail("\r\nUndelivered.")).error().code, "mime.dsn");
  EXPECT_EQ(
      parse(test::mail(
                "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b--\r\n"))
          .error()
          .code,
      "mime.dsn");
}

DeliveryReportMail form() {
  DeliveryReportMail out;
  out.mail.from = {"", "mailer-daemon", "gw.example"};
  out.mail.to = {{"", "acme", "mail.example"}};
  out.mail.message_id = "dsn-1@gw.example";
  out.mail.subject = "Undelivered";
  out.mail.boundary = "=_dsn";
  out.explanation = "Your mail could not be delivered.";
  out.original_headers = "Message-ID: <01J@gw.example>\r\nSubject: IREF001\r\n";
  return out;
}

DeliveryReport failed() {
  return {"gw.example",
          "gw-17",
          "01J@gw.example",
          {{"a@x.test", "a@x.test", Action::failed, "5.1.1", "550 5.1.1 unknown user", "mx.x.test"},
           {"b@x.test", "", Action::delayed, "4.4.1", "", ""}}};
}

TEST(DeliveryReport, ReadsBackWhatItBuilt) {
  const auto built = build_delivery_report(form(), failed());
  ASSERT_TRUE(built) << built.error().what;
  const auto message = parse_message(*built, {}, Tolerances::none());
  ASSERT_TRUE(message) << message.error().what;
  EXPECT_FALSE(message->findings.ambiguous());
  EXPECT_EQ(message->root.headers.only("Auto-Submitted").value(), "auto-replied");
  const auto dsn = parse_delivery_report(message->root);
  ASSERT_TRUE(dsn) << dsn.error().what;
  EXPECT_EQ(dsn->original_envelope_id, "gw-17");
  EXPECT_EQ(dsn->original_message_id, "01J@gw.example");
  ASSERT_EQ(dsn->recipients.size(), 2u);
  EXPECT_EQ(dsn->recipients[0].diagnostic_code, "550 5.1.1 unknown user");
  EXPECT_EQ(dsn->recipients[1].action, Action::delayed);
  EXPECT_EQ(dsn->recipients[1].original_recipient, "");
}

TEST(DeliveryReport, RefusesToBuildWhatCouldAddAFieldOrABoundary) {
  DeliveryReport evil = failed();
  evil.recipients[0].diagnostic_code = "550 x\r\nAction: delivered";
  EXPECT_EQ(build_delivery_report(form(), evil).error().code, "mime.injection");
  DeliveryReportMail boundary = form();
  boundary.original_headers = "Subject: x\r\n--=_dsn--: y\r\n";
  EXPECT_EQ(build_delivery_report(boundary, failed()).error().code, "mime.spec");
  DeliveryReport nobody = failed();
  nobody.recipients.clear();
  EXPECT_EQ(build_delivery_report(form(), nobody).error().code, "mime.spec");
}

}  // namespace
}  // namespace sluis::mime
