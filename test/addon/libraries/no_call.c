// A library without wxpayCallFaceService.
#include "export.h"

void wxpayReleaseResponse(char** response) { *response = 0; }
