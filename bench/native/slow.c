// Answers with the request after half a second.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int wxpayCallFaceService(const char* request, unsigned int request_size, char** response,
                                unsigned int* response_size) {
  const struct timespec half_a_second = {0, 500000000};
  nanosleep(&half_a_second, NULL);
  *response = malloc(request_size);
  if (*response == NULL) return -4;
  memcpy(*response, request, request_size);
  *response_size = request_size;
  return 0;
}

EXPORT void wxpayReleaseResponse(char** response) { free(*response); }
