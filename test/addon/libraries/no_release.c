// A library without wxpayReleaseResponse.
#include "export.h"

int wxpayCallFaceService(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  (void)request;
  (void)request_size;
  (void)response;
  (void)response_size;
  return -1;
}
