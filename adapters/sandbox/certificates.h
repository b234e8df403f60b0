// A certificate authority of the sandbox's own, for those who bring no certificate.
#pragma once

#include <filesystem>
#include <memory>

#include "core/net/tls.h"
#include "core/runtime/clock.h"
#include "core/runtime/result.h"

namespace sluis::sandbox {

// A server's context with a certificate for localhost, 127.0.0.1 and ::1. It and its authority are made when the folder
// has none: ca.pem (to be trusted by clients), server.pem, server.key (0600); the authority's key is thrown away.
// [Errors] "sandbox.certificate", "sandbox.disk", those of TlsContext.
Result<std::shared_ptr<const net::TlsContext>> local_certificate(const std::filesystem::path& folder,
                                                                 const Clock& clock);

}  // namespace sluis::sandbox
