// The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), RET, ENVID, NOTIFY, ORCPT (RFC 3461), AUTH (RFC
// 4954 §5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/smtp/envelope.h"

namespace sluis::smtp {

// Which parameters the EHLO reply of this session allows.
struct ParametersOffered {
  bool size = true;
  bool eight_bit_mime = true;
  bool dsn = true;
  bool auth = true;
};

struct MailParameters {
  std::optional<std::uint64_t> size;
  bool eight_bit = false;
  Ret ret = Ret::unspecified;
  std::string envid;
};

struct RcptParameters {
  Notify notify;
  std::string orcpt;
};

// `text` is what follows the path, with its spaces. Errors: "smtp.parameter.unknown" for one that was not offered
// (reply 555), "smtp.parameter.syntax" for a broken, too long or repeated one (reply 501).
SLUIS_PROTOCOLS_API Result<MailParameters> parse_mail_parameters(std::string_view text,
                                                                 const ParametersOffered& offered);
SLUIS_PROTOCOLS_API Result<RcptParameters> parse_rcpt_parameters(std::string_view text,
                                                                 const ParametersOffered& offered);

// " SIZE=… BODY=…", or nothing; ready to follow the path. Whatever the text held, the result has no CR, LF or space in
// a value.
SLUIS_PROTOCOLS_API std::string write_mail_parameters(const MailParameters& parameters);
SLUIS_PROTOCOLS_API std::string write_rcpt_parameters(const RcptParameters& parameters);

}  // namespace sluis::smtp
