// Answers at once with the request: what a call costs when the vendor's side costs nothing.
#include <stdlib.h>
#include <string.h>

#include "export.h"

int wxpayCallFaceService(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  *response = malloc(request_size);
  if (*response == NULL && request_size > 0) return -4;
  memcpy(*response, request, request_size);
  *response_size = request_size;
  return 0;
}

void wxpayReleaseResponse(char** response) {
  free(*response);
  *response = NULL;
}
